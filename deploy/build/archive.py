"""The archive itself: the same input gives the same bytes."""

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from deploy.job_spec import DEPENDENCIES, ENTRY, JobSpec
from deploy.paths import PROJECT

TIME = (2020, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_SKIPPED = ("__pycache__",)
_LEVEL = 6


def contents(job: JobSpec, *, entry: Path, jar: Path, dependencies: Path, project: Path = PROJECT) -> dict[str, Path]:
    """Name in the archive → file on this machine.

    The packages are in it twice. The client finds them beside ``main.py``. Task managers get only ``dep/``, because
    Flink puts the folder that ``pyFiles`` names on their path, not the folder's parent.
    """
    files = {ENTRY: entry, job.jar_path: jar, **{Path(name).name: project / name for name in job.files}}
    for folder in (project / each for each in job.folders):
        files |= {f"{folder.name}/{file.relative_to(folder).as_posix()}": file for file in _files(folder)}
    for file in _files(dependencies):
        files[f"{DEPENDENCIES}/{file.relative_to(dependencies).as_posix()}"] = file
    for package in job.packages:
        for file in (*_parents(project, package), *_files(project / package_path(package))):
            name = file.relative_to(project).as_posix()
            files[name] = files[f"{DEPENDENCIES}/{name}"] = file
    return files


def package_path(package: str) -> PurePosixPath:
    """The folder of a package, from the checkout or the archive's root."""
    return PurePosixPath(*package.split("."))


def write(path: Path, files: Mapping[str, Path]) -> None:
    """Sorted entries with one time and one mode. The file appears only when it is complete."""
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


def _parents(project: Path, package: str) -> Iterator[Path]:
    """``__init__.py`` of the packages around it, so that a room's other packages stay out of the archive."""
    for parent in package_path(package).parents:
        if parent.parts:
            yield project / parent / "__init__.py"


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not any(part in _SKIPPED for part in file.parts):
            yield file
