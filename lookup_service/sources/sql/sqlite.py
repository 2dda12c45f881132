"""Profiles in a SQLite file, by the standard library: the embedded default. The file is never written."""

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

MOST_SHARE = 0.1
"""A file that is large and written all the time is copied for at most this share of the time..."""
SMALL_S = 1.0
"""...and one that is copied so quickly after every change."""
_FAILURES = (sqlite3.Error, BadFileError, ChangedFileError, OSError)

log = structlog.get_logger(__name__)


class SqliteOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: ProfileKind
    path: str
    name: str = "sqlite"
    timeout_ms: int = 500
    """Longest wait for one query, copying and locks included."""


class SqliteDatabase:
    """One checked copy of the file, made at first use and again after changes, so that the file may come later, be
    written by others, be replaced or be overwritten in place. See :mod:`lookup_service.sources.sql.sqlite_snapshot`.
    """

    def __init__(self, path: Path, kind: ProfileKind, *, timeout_s: float) -> None:
        self._path = path
        self._try = f"SELECT {columns_of(kind)} FROM {TABLES[kind]} LIMIT 1"  # noqa: S608  # own names
        self._timeout_s = timeout_s
        self._copy: sqlite3.Connection | None = None
        self._copied: FileId = ()
        self._refused: FileId = ()
        self._copy_due = 0.0
        self._copying: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")

    async def rows(self, kind: ProfileKind, ids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
        query = (
            f"SELECT {columns_of(kind)} FROM {TABLES[kind]} "  # noqa: S608  # own names
            "WHERE id IN (SELECT value FROM json_each(?))"
        )
        found = await self._fetch(query, (msgspec.json.encode(ids).decode(),))
        # An id that is no text is nobody's key.
        return {row[0].decode("utf-8", "replace"): row[1:] for row in found if isinstance(row[0], bytes)}

    async def ping(self) -> State:
        await self._fetch(self._try, ())
        return "refused_update" if self._refused else "ok"

    async def close(self) -> None:
        if self._copying is not None:
            await asyncio.wait([self._copying])
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
                copy.interrupt()  # the thread would be busy with it for the next query, too
            raise
        except _FAILURES as error:
            raise DatabaseDownError from error

    async def _current(self) -> sqlite3.Connection:
        """The copy of the file as it is; of the file as it was, while that is overwritten, takes long to copy, or is
        one in its place that is no good. Raises one of the failures where there is no file, or no copy yet.
        """
        try:
            found = file_id(self._path)
        except OSError:
            self._drop()
            raise
        copy = self._copy
        if copy is not None:
            if found == self._copied:
                self._refused = ()
            is_early = _is_same(found, self._copied) and time.monotonic() < self._copy_due
            if found in (self._copied, self._refused) or is_early:
                return copy
        if self._copying is None:
            self._copying = asyncio.create_task(self._renew())
            self._copying.add_done_callback(_heard)
        copying = self._copying
        if copy is not None:
            await asyncio.wait([copying], timeout=self._timeout_s / 2)
        else:
            await asyncio.shield(copying)
        if self._copy is None:
            raise ChangedFileError
        return self._copy

    async def _renew(self) -> None:
        began = time.monotonic()
        try:
            copy, copied = await asyncio.to_thread(snapshot, self._path, self._try, timeout_s=self._timeout_s)
        except _FAILURES as error:
            if isinstance(error, BadFileError):
                self._refused = error.file
            if self._copy is None or not self._is_still_there():
                self._drop()
                raise
            # No good, overwritten in place, or locked: what was read before is good until it can be read again.
            log.warning("file_refused", source="sqlite", reason=type(error).__name__)
        else:
            self._drop()
            self._copy, self._copied, self._refused = copy, copied, ()
        finally:
            took = time.monotonic() - began
            self._copy_due = time.monotonic() + took / MOST_SHARE if took > SMALL_S else 0.0
            self._copying = None

    def _is_still_there(self) -> bool:
        try:
            file_id(self._path)
        except OSError:
            return False
        return True

    def _drop(self) -> None:
        copy, self._copy = self._copy, None
        if copy is not None:
            self._thread.submit(copy.close)  # behind the queries on it that are under way


def _fetch(copy: sqlite3.Connection, query: str, arguments: Sequence[object]) -> list[Sequence[Any]]:
    return copy.execute(query, arguments).fetchall()


def _is_same(one: FileId, other: FileId) -> bool:
    """The same file, perhaps with another content."""
    return one[0][:2] == other[0][:2]


def _heard(copying: asyncio.Task[None]) -> None:
    """Whoever waits for it may have gone."""
    if not copying.cancelled():
        copying.exception()


def open_sqlite(options: SqliteOptions) -> SqlProfiles:
    """The file may come later."""
    if options.timeout_ms < 1:
        raise ValueError("timeout_ms must be at least 1")
    database = SqliteDatabase(Path(options.path), options.kind, timeout_s=options.timeout_ms / 1000)
    return SqlProfiles(options.kind, options.name, database)
