"""An emulator of Managed Service for Apache Flink: a local Flink cluster that follows the service's rules.

- The interpreter has the runtime's version, with Flink and nothing else installed.
- No process runs in the checkout or has it on its path.
- The connector comes with the job (child first), not from the cluster's class path.
- What the job sets in code is checked against the service's list (``FlinkOptions.restricted``).
"""

import os
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

import structlog

from deploy.build.lock import exclusive
from deploy.paths import BUILD, PROJECT
from local_stack.errors import StackError
from local_stack.flink.jvm import FlinkJvm, Role
from local_stack.processes.cds_archive import CdsArchive
from local_stack.processes.java import class_path

PROPERTIES = Path("/etc/flink/application_properties.json")
"""Where the service puts the application's property groups."""
RUNTIMES = BUILD / "runtimes"
_INSTALL_S = 900
_log = structlog.get_logger(__name__)


def find_interpreter(version: str) -> Path | None:
    """``python3.12`` on PATH, else pyenv's; None if this machine has none that runs."""
    name = f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    on_path = [Path(folder) / name for folder in os.environ.get("PATH", "").split(":") if folder]
    for candidate in (*on_path, *sorted(pyenv.glob(f"{version}.*/bin/{name}"), reverse=True)):
        # A version manager has a command for a version even if that version is not installed.
        if (
            candidate.exists()
            and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0
        ):
            return candidate
    return None


def ensure_runtime(interpreter: Path, flink: str) -> Path:
    """A virtual environment with ``apache-flink`` of that version and nothing of this project; made once.

    :raises StackError: with the end of pip's output.
    """
    folder = RUNTIMES / f"{interpreter.name}-flink-{flink}"
    done = folder / ".installed"
    with exclusive(RUNTIMES / "lock"):
        if done.exists():
            return folder
        _log.info("installing the emulator's runtime", python=interpreter.name, flink=flink)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for command in (
            [str(interpreter), "-m", "venv", "--clear", str(folder)],
            [*pip, "-c", str(PROJECT / "constraints.txt"), f"apache-flink=={flink}"],
        ):
            outcome = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_S, check=False)
            if outcome.returncode != 0:
                raise StackError(f"{' '.join(command)}:\n{(outcome.stdout + outcome.stderr)[-2000:]}")
        done.touch()
    return folder


@dataclass(frozen=True)
class ManagedFlinkJvm(FlinkJvm):
    """The JVMs as the service starts them: with the runtime's Flink, and without a connector on the class path."""

    @property
    def working_dir(self) -> Path:
        """An empty folder and not the checkout, because an interpreter may have its working directory on its path."""
        folder = self.conf_dir.parent / "cwd"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def home(self) -> Path:
        (found,) = Path(self.python).parent.parent.glob("lib/python*/site-packages/pyflink")
        return found

    def archive(self, role: Role, *, may_record: bool = True) -> CdsArchive:
        """One that is neither mapped nor recorded, because CDS archives are in the checkout."""
        return CdsArchive(role=f"service-{role}", path=self.conf_dir / "none.jsa", recording=None)

    def environment(self) -> dict[str, str]:
        # There the application's directory is read-only, so no compiled files appear in it.
        return super().environment() | {"PYTHONPATH": str(self.home.parent), "PYTHONDONTWRITEBYTECODE": "1"}

    @property
    def _opt_dir(self) -> Path:
        return self.home / "opt"

    def write_files(self) -> None:
        self._write_logging()

    def _jars(self) -> tuple[Path, ...]:
        return class_path(self.home / "lib")


def unpack(archive: Path, into: Path) -> Path:
    """Unpack the archive into the new directory ``into``, all of it read-only; returns the directory."""
    into.mkdir(parents=True)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(into)
    for path in sorted(into.rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
    into.chmod(0o555)
    return into
