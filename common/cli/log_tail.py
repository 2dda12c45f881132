"""Reads the end of a log file, for error messages."""

import os
from pathlib import Path

_LINES = 20


def tail(path: Path, lines: int = _LINES) -> str:
    """The last lines of a log file, or a remark that it is missing or empty."""
    if not path.exists():
        return "(no log)"
    with path.open("rb") as log:
        log.seek(0, os.SEEK_END)
        log.seek(max(0, log.tell() - 64 * 1024))
        found = log.read().decode(errors="replace").splitlines()
    return "\n".join(found[-lines:]) or "(the log is empty)"
