"""Reads the files of a folder of rules: the one place that says which files of a folder are rules."""

from pathlib import Path

_SUFFIXES = frozenset({".yml", ".yaml"})


class RuleFolderError(Exception):
    """The files cannot be read. One line, with the place."""


def read_rule_folder(path: Path) -> dict[str, str]:
    """File name → text, by name, of every ``*.yml`` and ``*.yaml`` of a folder, or of the one file that ``path`` is.

    Files whose name begins with a dot are none: editors and mounted volumes put theirs there.

    :raises RuleFolderError: if there is no such file or folder, it has no rule file, or one cannot be read or is not
        UTF-8.
    """
    try:
        files = sorted(_files(path))
    except OSError as error:
        raise RuleFolderError(f"{path}: {error.strerror or type(error).__name__}") from error
    if not files:
        raise RuleFolderError(f"{path}: no rule file (*.yml, *.yaml)")
    return {file.name: _text(file) for file in files}


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return [
        file
        for file in path.iterdir()
        if file.suffix in _SUFFIXES and not file.name.startswith(".") and not file.is_dir()
    ]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise RuleFolderError(f"{file}: {error.strerror or type(error).__name__}") from error
    except UnicodeDecodeError as error:
        raise RuleFolderError(f"{file}: not UTF-8") from error
