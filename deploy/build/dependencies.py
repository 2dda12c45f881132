"""Vendored wheels: what the job imports, built for the target's interpreter and not for this one."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

from deploy.build import extras
from deploy.build.errors import PackageError
from deploy.build.lock import exclusive
from deploy.build.target import PROVIDED, Target
from deploy.job_spec import JobSpec
from deploy.paths import BUILD, PROJECT

CONSTRAINTS = PROJECT / "constraints.txt"
PYPROJECT = PROJECT / "pyproject.toml"
_CACHE = BUILD / "vendored"
_TIMEOUT_S = 600


def requirements(job: JobSpec) -> tuple[str, ...]:
    """What ``pyproject.toml`` asks for the job without Flink itself."""
    return extras.requirements(PYPROJECT, job.extras)


def vendored(target: Target, job: JobSpec) -> Path:
    """A folder of importable packages in the versions of ``constraints.txt``; a second's work when nothing changed.

    :raises PackageError: pip found no wheel for the target.
    """
    wanted = requirements(job)
    identity = hashlib.sha256(
        "\0".join([repr(target), *wanted, CONSTRAINTS.read_text(), "without", *PROVIDED]).encode()
    ).hexdigest()
    folder = _CACHE / f"{target.abi}-{identity[:16]}"
    with exclusive(_CACHE / "lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=_CACHE) as scratch:
                unfinished = Path(scratch) / "dep"
                _install(target, wanted, unfinished)
                _leave_out_what_the_runtime_brings(unfinished)
                _keep_what_is_imported(unfinished)
                unfinished.rename(folder)
    return folder


def _install(target: Target, wanted: tuple[str, ...], into: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    # Of two wheels of one version pip takes the one of the platform named first.
    command += ["--only-binary=:all:", "--platform", target.platform, "--platform", target.newer_platform]
    command += ["--implementation", "cp"]
    command += ["--python-version", target.python, "--abi", target.abi, "-c", str(CONSTRAINTS)]
    command += ["--target", str(into), *wanted]
    outcome = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    if outcome.returncode != 0:
        raise PackageError(f"pip could not vendor {', '.join(wanted)} for {target}:\n{outcome.stderr[-2000:]}")


def _leave_out_what_the_runtime_brings(folder: Path) -> None:
    """Such as numpy, which another package needs: in the archive it would be there twice, in two versions."""
    for record in list(folder.glob("*.dist-info/RECORD")):
        if record.parent.name.partition("-")[0].replace("_", "-").lower() not in PROVIDED:
            continue
        files = [line.partition(",")[0].strip('"') for line in record.read_text().splitlines()]
        for top in {PurePosixPath(file).parts[0] for file in files if file} - {"..", "bin"}:
            place = folder / top
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)


def _keep_what_is_imported(folder: Path) -> None:
    # Scripts name this machine's interpreter, and RECORD has the scripts' hashes. Both differ between machines.
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for record in folder.glob("*.dist-info/RECORD"):
        record.unlink()
    for compiled in list(folder.rglob("__pycache__")):
        shutil.rmtree(compiled)
