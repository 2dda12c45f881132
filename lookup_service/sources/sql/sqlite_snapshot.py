"""A consistent, fully verified copy of a SQLite file, and a connection to it.

SQLite's locks protect readers from incomplete transactions, but a program that copies another file over this one
(``cp``, ``curl -o``) takes no lock. A query could then combine an index of one file with rows of the other and return
the record of another key. The functions block; call them in a thread.
"""

import sqlite3
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

FileId = tuple[tuple[int, int, int, int], ...]


class BadFileError(Exception):
    """Not a database, a damaged one, or one without the required table."""

    def __init__(self, file: FileId) -> None:
        super().__init__()
        self.file = file


class ChangedFileError(Exception):
    """The file changed while it was copied."""


def file_id(path: Path) -> FileId:
    """Identifies the version of the file and its write-ahead log: it changes with every commit and every overwrite.

    Raises OSError if the file is absent.
    """
    stats = [path.stat()]
    with suppress(OSError):  # a writer creates and removes the log at any time
        stats.append(path.with_name(f"{path.name}-wal").stat())
    return tuple((stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in stats)


def snapshot(path: Path, query: str, *, timeout_s: float) -> tuple[sqlite3.Connection, FileId]:
    """A connection to a copy on which ``query`` succeeds, and the version of the file that was copied.

    The copy is already unlinked, so closing the connection deletes it. Raises BadFileError, ChangedFileError,
    TimeoutError if the file is locked for longer than ``timeout_s``, sqlite3.Error or OSError.
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
            _probe(copy, query, found)
        except BaseException as error:
            copy.close()
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                raise BadFileError(found) from error
            raise
    copy.text_factory = bytes  # the caller decodes each row's text, so that invalid UTF-8 affects that row only
    return copy, found


def _probe(copy: sqlite3.Connection, query: str, file: FileId) -> None:
    """Needed beside the integrity check: an empty file is a valid database, and overwriting begins with truncation."""
    try:
        copy.execute(query).close()
    except sqlite3.Error as error:
        raise BadFileError(file) from error


def _copy(path: Path, copy: sqlite3.Connection, timeout_s: float) -> None:
    until = time.monotonic() + timeout_s

    def progress(status: int, _remaining: int, _pages: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > until:
            raise TimeoutError  # Connection.backup itself has no time limit

    copy.execute("PRAGMA journal_mode = off").close()  # no journal file beside the unlinked copy
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=timeout_s)) as original:
        original.backup(copy, progress=progress, sleep=0.05)
