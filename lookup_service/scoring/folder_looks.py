"""What a look at the folder of all models finds: whether the files of a model have changed."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from lookup_service.scoring.loading import MODEL_FILE

_Files: TypeAlias = tuple[tuple[str, int, int, int, int], ...]
"""Name, inode, times and size of each file of a model's folder."""
Look: TypeAlias = _Files | str
"""The files of a model's folder, or why it cannot be read."""


def looks_of(folder: Path) -> Mapping[str, Look] | None:
    """Name of each folder with a ``model.yaml`` → its files; None: the folder cannot be read now."""
    try:
        folders = [each for each in folder.iterdir() if not each.name.startswith(".")]
    except OSError:
        return None
    return {each.name: found for each in folders if (found := _look_at(each))}


def _look_at(folder: Path) -> Look | None:
    """None: it is no model's. A folder that cannot be read concerns its own model only."""
    try:
        return tuple(sorted(_ids(folder))) if (folder / MODEL_FILE).exists() else None
    except OSError as error:
        return f"its folder cannot be read: {error.strerror or type(error).__name__}"


def _ids(folder: Path) -> list[tuple[str, int, int, int, int]]:
    found = []
    for file in folder.iterdir():
        if file.is_file():
            stat = file.stat()
            found.append((file.name, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size))
    return found
