"""Profiles in a SQLite file, by the standard library: the embedded default. The source never writes to the file."""

import asyncio
import sqlite3
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import structlog

from lookup_service.sources.protocol import State
from lookup_service.sources.sql.profiles import DatabaseDownError, SqlProfiles
from lookup_service.sources.sql.schema import TABLES, ProfileKind, columns_of
from lookup_service.sources.sql.sqlite_snapshot import BadFileError, ChangedFileError, FileId, file_id, snapshot

MAX_COPY_SHARE = 0.1
"""Most of the time that may be spent copying a large file that changes all the time."""
QUICK_COPY_S = 1.0
"""A file that is copied within this time is copied after every change; MAX_COPY_SHARE does not apply to it."""
_FAILURES = (sqlite3.Error, BadFileError, ChangedFileError, OSError)

log = structlog.get_logger(__name__)


class SqliteOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: ProfileKind
    path: str
    name: str = "sqlite"
    timeout_ms: int = 500
    """Longest wait for one query, copying and locks included."""


class SqliteDatabase:
    """Queries a verified copy of the file, made on first use and again after changes.

    The file may therefore be created later, written by others, replaced or overwritten in place. See
    :mod:`lookup_service.sources.sql.sqlite_snapshot`.
    """

    def __init__(self, path: Path, kind: ProfileKind, *, timeout_s: float) -> None:
        self._path = path
        self._probe_query = f"SELECT {columns_of(kind)} FROM {TABLES[kind]} LIMIT 1"  # noqa: S608  # own names
        self._timeout_s = timeout_s
        self._copy: sqlite3.Connection | None = None
        self._copied: FileId = ()
        """Version of the file that ``_copy`` was made from."""
        self._rejected: FileId = ()
        """Version of the file that cannot be used."""
        self._next_copy_at = 0.0
        self._copy_task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")

    async def rows(self, kind: ProfileKind, ids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
        query = (
            f"SELECT {columns_of(kind)} FROM {TABLES[kind]} "  # noqa: S608  # own names
            "WHERE id IN (SELECT value FROM json_each(?))"
        )
        found = await self._fetch(query, (msgspec.json.encode(ids).decode(),))
        # Ids in the table that are not text are skipped: a key is always text.
        return {row[0].decode("utf-8", "replace"): row[1:] for row in found if isinstance(row[0], bytes)}

    async def ping(self) -> State:
        await self._fetch(self._probe_query, ())
        return "refused_update" if self._rejected else "ok"

    async def close(self) -> None:
        if self._copy_task is not None:
            await asyncio.wait([self._copy_task])
        self._drop()
        self._thread.shutdown(wait=False)

    async def _fetch(self, query: str, arguments: Sequence[object]) -> list[Sequence[Any]]:
        copy: sqlite3.Connection | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                copy = await self._current()
                return await asyncio.wrap_future(self._thread.submit(_fetch, copy, query, arguments))
        except TimeoutError:
            if copy is not None:
                copy.interrupt()  # otherwise this query would keep the thread busy and delay the next one
            raise
        except _FAILURES as error:
            raise DatabaseDownError from error

    async def _current(self) -> sqlite3.Connection:
        """The copy of the current file; the previous copy while the file is being overwritten, takes long to copy or is
        unusable. Raises one of ``_FAILURES`` if the file is absent or there is no copy yet.
        """
        try:
            found = file_id(self._path)
        except OSError:
            self._drop()
            raise
        copy = self._copy
        if copy is not None:
            if found == self._copied:
                self._rejected = ()
            is_early = _is_same_inode(found, self._copied) and time.monotonic() < self._next_copy_at
            if found in (self._copied, self._rejected) or is_early:
                return copy
        if self._copy_task is None:
            self._copy_task = asyncio.create_task(self._renew())
            self._copy_task.add_done_callback(_retrieve_exception)
        copy_task = self._copy_task
        if copy is not None:
            await asyncio.wait([copy_task], timeout=self._timeout_s / 2)
        else:
            await asyncio.shield(copy_task)
        if self._copy is None:
            raise ChangedFileError
        return self._copy

    async def _renew(self) -> None:
        began = time.monotonic()
        try:
            copy, copied = await asyncio.to_thread(snapshot, self._path, self._probe_query, timeout_s=self._timeout_s)
        except _FAILURES as error:
            if isinstance(error, BadFileError):
                self._rejected = error.file
            if self._copy is None or not self._file_exists():
                self._drop()
                raise
            # Unusable, overwritten in place or locked: the previous copy serves until the file can be copied again.
            log.warning("file_refused", source="sqlite", reason=type(error).__name__)
        else:
            self._drop()
            self._copy, self._copied, self._rejected = copy, copied, ()
        finally:
            took = time.monotonic() - began
            self._next_copy_at = time.monotonic() + took / MAX_COPY_SHARE if took > QUICK_COPY_S else 0.0
            self._copy_task = None

    def _file_exists(self) -> bool:
        try:
            file_id(self._path)
        except OSError:
            return False
        return True

    def _drop(self) -> None:
        copy, self._copy = self._copy, None
        if copy is not None:
            self._thread.submit(copy.close)  # runs in the same thread after the queries that still use the copy


def _fetch(copy: sqlite3.Connection, query: str, arguments: Sequence[object]) -> list[Sequence[Any]]:
    return copy.execute(query, arguments).fetchall()


def _is_same_inode(one: FileId, other: FileId) -> bool:
    """Whether both are versions of one file, perhaps with different content."""
    return one[0][:2] == other[0][:2]


def _retrieve_exception(copy_task: asyncio.Task[None]) -> None:
    """Marks the exception as retrieved: every caller that waited may have timed out, and asyncio would log it."""
    if not copy_task.cancelled():
        copy_task.exception()


def open_sqlite(options: SqliteOptions) -> SqlProfiles:
    """The file may be created later. Raises ValueError."""
    if options.timeout_ms < 1:
        raise ValueError("timeout_ms must be at least 1")
    database = SqliteDatabase(Path(options.path), options.kind, timeout_s=options.timeout_ms / 1000)
    return SqlProfiles(options.kind, options.name, database)
