"""Profiles in PostgreSQL, by asyncpg: a pool, prepared statements, and a time limit on both sides."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import msgspec

from common.secret import SecretUrl
from lookup_service.sources.protocol import State
from lookup_service.sources.sql.profiles import DatabaseDownError, SpoiltQueryError, SqlProfiles
from lookup_service.sources.sql.schema import TABLES, ProfileKind, columns_of

RELEASE_S = 0.05
"""So long a query that took too long may take to end; then its connection is dropped."""
_SPOILT = (asyncpg.DataError, asyncpg.DataCorruptedError, UnicodeError, OverflowError)
"""By the data: the server's own class for it (text that its encoding has no characters for, a number out of range in a
view), a page that it cannot read, and what cannot be written or read on this side.
"""
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
_NO_CONNECTION = (*_FAILURES, ValueError, OverflowError)
"""Also an address that is none: a name that no resolver takes is a UnicodeError."""
_GONE = (asyncpg.InterfaceError, asyncpg.PostgresConnectionError, ConnectionResetError)
"""What a pooled connection says that the server has closed since."""


class PostgresqlOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: ProfileKind
    url: SecretUrl
    """``postgresql://user:password@host:port/database``; a standby is enough."""
    name: str = "postgresql"
    timeout_ms: int = 500
    """Longest wait for one query, connecting included, and the server's own limit for it."""
    connections: int = 4


class PostgresqlDatabase:
    def __init__(self, url: str, *, timeout_s: float, connections: int) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._connections = connections
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()

    async def rows(self, kind: ProfileKind, ids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
        query = f"SELECT {columns_of(kind)} FROM {TABLES[kind]} WHERE id = ANY($1)"  # noqa: S608  # own names
        found = await self._fetch(query, ids)
        return {row[0]: tuple(row)[1:] for row in found}

    async def ping(self) -> State:
        await self._fetch("SELECT 1")
        return "ok"

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                async with asyncio.timeout(self._timeout_s):
                    await pool.close()
            except (TimeoutError, *_FAILURES):
                pool.terminate()

    async def _fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        until = time.monotonic() + self._timeout_s
        try:
            try:
                pool = await self._opened()
            except _NO_CONNECTION as error:
                raise DatabaseDownError from error
            try:
                return await _fetch(pool, until, query, arguments)
            except _SPOILT:  # client-side ones are InterfaceErrors, too
                raise
            except _GONE:
                # A pooled connection that the server has closed since: once more, on another.
                await pool.expire_connections()
                return await _fetch(pool, until, query, arguments)
        except _SPOILT as error:
            raise SpoiltQueryError from error
        except asyncpg.QueryCanceledError as error:
            raise TimeoutError from error
        except TimeoutError:
            raise
        except _FAILURES as error:
            raise DatabaseDownError from error

    async def _opened(self) -> "asyncpg.Pool[asyncpg.Record]":
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,  # the service starts without its database
                    max_size=self._connections,
                    server_settings={
                        "statement_timeout": str(max(1, int(self._timeout_s * 1000))),
                        "default_transaction_read_only": "on",
                        "application_name": "lookup_service",
                    },
                )
            return self._pool


async def _fetch(
    pool: "asyncpg.Pool[asyncpg.Record]", until: float, query: str, arguments: Sequence[object]
) -> list[asyncpg.Record]:
    """Each step with its own limit: a limit around all would wait for a hanging server to confirm that it gave up."""
    try:
        connection = await pool.acquire(timeout=until - time.monotonic())
    except (TimeoutError, asyncpg.QueryCanceledError, *_GONE):
        raise
    except _NO_CONNECTION as error:
        raise DatabaseDownError from error
    try:
        return await connection.fetch(query, *arguments, timeout=max(until - time.monotonic(), 0.001))
    finally:
        await pool.release(connection, timeout=RELEASE_S)


def open_postgresql(options: PostgresqlOptions) -> SqlProfiles:
    """Raises ValueError where the URL is not one; the database itself may be down."""
    if options.url.reveal().partition("://")[0] not in ("postgresql", "postgres"):
        raise ValueError("url: not a postgresql:// URL")
    if options.timeout_ms < 1 or options.connections < 1:
        raise ValueError("timeout_ms and connections must be at least 1")
    database = PostgresqlDatabase(
        options.url.reveal(), timeout_s=options.timeout_ms / 1000, connections=options.connections
    )
    return SqlProfiles(options.kind, options.name, database)
