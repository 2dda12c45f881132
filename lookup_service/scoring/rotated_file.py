"""A file of lines that is renamed when it is full. Several processes may write to one path: lines are written, and the
file renamed, under a lock.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path


class RotatedFile:
    """Appends to a file that others append to as well."""

    def __init__(self, path: Path, most_bytes: int, files: int) -> None:
        """Raises OSError.

        :param most_bytes: a larger file is renamed to ``path.1``, that one to ``path.2``, and so on.
        :param files: how many of those are kept.
        """
        self._path = path
        self._most_bytes = most_bytes
        self._files = files
        self._lock = path.with_name(f".{path.name}.lock").open("wb")
        self._file = path.open("ab", buffering=0)

    def append(self, lines: bytes) -> None:
        """All of the lines or, when it raises OSError, none of them: half a line would spoil the one behind it."""
        if not lines:
            return
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            self._open_current()
            size = os.fstat(self._file.fileno()).st_size
            if size and size + len(lines) > self._most_bytes:
                self._rotate()
                self._open_current()
            self._write(lines)
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _write(self, lines: bytes) -> None:
        """Without a buffer, which would keep what a full disk has not taken, and fail with it again and again."""
        size = os.fstat(self._file.fileno()).st_size
        rest = memoryview(lines)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            with suppress(OSError):
                self._file.truncate(size)
            raise

    def close(self) -> None:
        self._file.close()
        self._lock.close()

    def _open_current(self) -> None:
        """Another process may have renamed the file, or somebody removed it."""
        try:
            is_current = os.path.samestat(self._path.stat(), os.fstat(self._file.fileno()))
        except FileNotFoundError:
            is_current = False
        if not is_current:
            self._file.close()
            self._file = self._path.open("ab", buffering=0)

    def _rotate(self) -> None:
        for number in range(self._files - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        if self._files:
            self._path.replace(self._numbered(1))
        else:
            self._path.unlink()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
