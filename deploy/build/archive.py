"""The archive itself: the same input gives the same bytes."""

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.build.target import DEPENDENCIES, ENTRY, Job
from deploy.paths import PROJECT

TIME = (2020, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_SKIPPED = ("__pycache__",)
_LEVEL = 6


def contents(job: Job, *, entry: Path, jar: Path, dependencies: Path, project: Path = PROJECT) -> dict[str, Path]:
    """Name in the archive → file on this machine.

    The packages are in it twice. Beside ``main.py`` the client finds them; task managers get ``dep/`` and nothing
    else, for Flink puts the folder that ``pyFiles`` names on their path, not the folder's parent.
    """
    files = {ENTRY: entry, job.jar: jar, **{Path(name).name: project / name for name in job.files}}
    for folder in (dependencies, *(project / package for package in job.packages)):
        own = folder != dependencies
        for file in _files(folder):
            name = file.relative_to(project if own else dependencies).as_posix()
            files[f"{DEPENDENCIES}/{name}"] = file
            if own:
                files[name] = file
    return files


def write(path: Path, files: Mapping[str, Path]) -> None:
    """Sorted entries with one time and one mode; the file is there only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    with zipfile.ZipFile(unfinished, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, TIME)
            entry.external_attr = _MODE
            entry.create_system = 3
            # A jar is compressed already.
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".jar") else zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name].read_bytes(), compresslevel=_LEVEL)
    unfinished.replace(path)


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not any(part in _SKIPPED for part in file.parts):
            yield file
