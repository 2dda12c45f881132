"""Profiles in a SQLite file, by aiosqlite: the embedded default. The file is never written."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiosqlite
import msgspec

from lookup_service.sources.sql_profiles import DatabaseDownError, SqlProfiles
from lookup_service.sources.sql_schema import TABLES, ProfileKind, columns_of


class SqliteOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: ProfileKind
    path: str
    name: str = "sqlite"
    timeout_ms: int = 500
    """Longest wait for one query, opening and locks included."""


class SqliteDatabase:
    """One connection, opened at first use and again after a failure, so that the file may come later or be replaced."""

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._connection: aiosqlite.Connection | None = None
        self._in_use: tuple[int, int] | None = None
        self._opening = asyncio.Lock()

    async def rows(self, kind: ProfileKind, ids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
        query = (
            f"SELECT {columns_of(kind)} FROM {TABLES[kind]} "  # noqa: S608  # own names
            "WHERE id IN (SELECT value FROM json_each(?))"
        )
        found = await self._fetch(query, (msgspec.json.encode(ids).decode(),))
        return {row[0]: tuple(row)[1:] for row in found}

    async def ping(self) -> None:
        await self._fetch("SELECT 1 FROM users LIMIT 1", ())

    async def close(self) -> None:
        async with self._opening:
            await self._drop()

    async def _fetch(self, query: str, arguments: Sequence[object]) -> list[sqlite3.Row]:
        try:
            async with asyncio.timeout(self._timeout_s):
                connection = await self._opened()
                return list(await connection.execute_fetchall(query, arguments))
        except TimeoutError:
            if self._connection is not None:
                await self._connection.interrupt()  # the thread would be busy with it for the next query, too
            raise
        except (sqlite3.Error, OSError, ValueError) as error:  # ValueError: closed meanwhile
            async with self._opening:
                await self._drop()
            raise DatabaseDownError from error

    async def _opened(self) -> aiosqlite.Connection:
        async with self._opening:
            file_id = self._file_id()
            if self._connection is None or file_id != self._in_use:
                await self._drop()
                self._connection = await aiosqlite.connect(self._read_only_uri(), uri=True, timeout=self._timeout_s)
                self._in_use = file_id
            return self._connection

    def _file_id(self) -> tuple[int, int]:
        stat = self._path.stat()
        return stat.st_dev, stat.st_ino

    def _read_only_uri(self) -> str:
        return f"{self._path.resolve().as_uri()}?mode=ro"

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def open_sqlite(options: SqliteOptions) -> SqlProfiles:
    """The file may come later."""
    if options.timeout_ms < 1:
        raise ValueError("timeout_ms must be at least 1")
    database = SqliteDatabase(Path(options.path), timeout_s=options.timeout_ms / 1000)
    return SqlProfiles(options.kind, options.name, database)
