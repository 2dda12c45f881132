"""The emulator's parts that need no cluster."""

import stat
import sys
import zipfile
from pathlib import Path

import pytest

from local_stack.flink.managed_flink_emulator import find_interpreter, unpack
from local_stack.flink.submit import Submission, run_arguments

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.servers
def test_an_interpreter_on_the_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = tmp_path / f"python{OWN}"
    link.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_interpreter(OWN) == link


@pytest.mark.servers
def test_a_shim_without_an_interpreter_behind_it_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert find_interpreter("3.12") is None
    real = tmp_path / "pyenv" / "versions" / "3.12.9" / "bin" / "python3.12"
    real.parent.mkdir(parents=True)
    real.symlink_to(sys.executable)
    assert find_interpreter("3.12") == real


def test_an_unpacked_application_cannot_be_written_to(tmp_path: Path) -> None:
    archive = tmp_path / "application.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("main.py", "x = 1\n")
        made.writestr("dep/package/__init__.py", "")
    folder = unpack(archive, tmp_path / "application")
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert len(modes) == 5
    assert not [path for path, mode in modes.items() if mode & 0o222]


def test_jar_and_python_files_are_passed_as_the_services_run_options() -> None:
    submission = Submission(entry=Path("/app/main.py"), jar=Path("/app/lib/a.jar"), python_files=Path("/app/dep"))
    arguments = run_arguments(submission, jobmanager="127.0.0.1:1")
    assert arguments[-6:] == ["--jarfile", "/app/lib/a.jar", "--pyFiles", "/app/dep", "--python", "/app/main.py"]
