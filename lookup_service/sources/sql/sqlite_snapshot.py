"""A consistent copy of a SQLite file, checked from end to end, and a connection to it.

SQLite's own locks keep readers from half a transaction, but whoever copies another file over this one (``cp``,
``curl -o``) takes none: a query would find an index of the one file and rows of the other, and give somebody else's
record. Blocking; to be called in a thread.
"""

import sqlite3
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

FileId = tuple[tuple[int, int, int, int], ...]


class BadFileError(Exception):
    """Not a database, a damaged one, or one without the table that is asked for."""

    def __init__(self, file: FileId) -> None:
        super().__init__()
        self.file = file


class ChangedFileError(Exception):
    """It changed while it was copied."""


def file_id(path: Path) -> FileId:
    """Changes with every commit and every overwriting; of the log of committed pages (WAL), too.

    Raises OSError where there is no file.
    """
    stats = [path.stat()]
    with suppress(OSError):  # others write it and take it away at any time
        stats.append(path.with_name(f"{path.name}-wal").stat())
    return tuple((stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in stats)


def snapshot(path: Path, query: str, *, timeout_s: float) -> tuple[sqlite3.Connection, FileId]:
    """The copy, on which ``query`` works, and of which state of the file it is. Its name is gone
    already: it goes with the connection.

    Raises BadFileError, ChangedFileError, TimeoutError where the file is locked for so long, sqlite3.Error or OSError.
    """
    found = file_id(path)
    with tempfile.NamedTemporaryFile(prefix="lookup-", suffix=".db") as file:
        copy = sqlite3.connect(file.name, check_same_thread=False)
        try:
            _copy(path, copy, timeout_s)
            if file_id(path) != found:
                raise ChangedFileError
            if copy.execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
                raise BadFileError(found)
            _try(copy, query, found)
        except BaseException as error:
            copy.close()
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                raise BadFileError(found) from error
            raise
    copy.text_factory = bytes  # each row's text is decoded by itself: one that is not UTF-8 is that row's fault
    return copy, found


def _try(copy: sqlite3.Connection, query: str, file: FileId) -> None:
    """A file of no length is a sound database, too, and what somebody's overwriting begins with."""
    try:
        copy.execute(query).close()
    except sqlite3.Error as error:
        raise BadFileError(file) from error


def _copy(path: Path, copy: sqlite3.Connection, timeout_s: float) -> None:
    until = time.monotonic() + timeout_s

    def progress(status: int, _remaining: int, _pages: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > until:
            raise TimeoutError  # by itself it would wait for ever

    copy.execute("PRAGMA journal_mode = off").close()  # nothing is written but the copy itself
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=timeout_s)) as original:
        original.backup(copy, progress=progress, sleep=0.05)
