import signal
from pathlib import Path

import pytest

from deploy.build.errors import MissingToolError
from local_stack.processes import cds_archive
from local_stack.processes.cds_archive import CdsArchive
from local_stack.processes.java import java_executable

ORDERLY = 128 + signal.SIGTERM


@pytest.fixture
def jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.setattr(cds_archive, "CDS_ARCHIVES", tmp_path / "cds")
    monkeypatch.setattr(cds_archive, "java_executable", lambda: "/bin/sh")
    (tmp_path / "a.jar").write_text("classes")
    return [tmp_path / "a.jar"]


def _recorded(jars: list[Path]) -> CdsArchive:
    """An archive whose JVM has written something at its end."""
    archive = cds_archive.cds_archive("kafka", jars)
    (option, _) = archive.options()
    Path(option.removeprefix("-XX:ArchiveClassesAtExit=")).write_text("archive")
    return archive


def test_the_next_start_uses_what_an_orderly_end_wrote(jars: list[Path]) -> None:
    archive = _recorded(jars)
    archive.finish(ORDERLY, representative=True)
    again = cds_archive.cds_archive("kafka", jars)
    assert again.recording is None
    assert again.options()[0] == f"-XX:SharedArchiveFile={archive.path}"


@pytest.mark.parametrize(("exit_code", "example"), [(-signal.SIGKILL, True), (None, True), (ORDERLY, False)])
def test_an_archive_cut_short_or_of_a_poor_run_is_never_offered(
    jars: list[Path], tmp_path: Path, exit_code: int | None, example: bool
) -> None:
    _recorded(jars).finish(exit_code, representative=example)
    assert cds_archive.cds_archive("kafka", jars).recording is not None
    assert list((tmp_path / "cds").iterdir()) == []


def test_other_jars_have_another_archive(jars: list[Path]) -> None:
    archive = _recorded(jars)
    archive.finish(ORDERLY, representative=True)
    jars[0].write_text("newer classes")
    assert cds_archive.cds_archive("kafka", jars).path != archive.path


def test_who_may_not_record_starts_without(jars: list[Path]) -> None:
    assert cds_archive.cds_archive("kafka", jars, may_record=False).options() == ()


def test_only_the_newest_archives_stay(jars: list[Path], tmp_path: Path) -> None:
    for version in range(5):
        jars[0].write_text("x" * version)
        _recorded(jars).finish(ORDERLY, representative=True)
    assert len(list((tmp_path / "cds").iterdir())) == 3


def test_a_java_that_is_too_old_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").touch()
    (tmp_path / "release").write_text('IMPLEMENTOR="X"\nJAVA_VERSION="11.0.22"\n')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(MissingToolError, match="Java 11, the broker needs 17"):
        java_executable()
    (tmp_path / "release").write_text('JAVA_VERSION="17.0.1"\n')
    assert java_executable() == str(tmp_path / "bin" / "java")
