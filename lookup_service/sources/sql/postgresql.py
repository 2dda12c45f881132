"""Profiles in PostgreSQL, by asyncpg: a pool, prepared statements, and a time limit in client and server."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import msgspec

from common.secret import SecretUrl
from lookup_service.sources.protocol import State
from lookup_service.sources.sql.profiles import DatabaseDownError, QueryDataError, SqlProfiles
from lookup_service.sources.sql.schema import TABLES, ProfileKind, columns_of

RELEASE_S = 0.05
"""How long a query that timed out may take to end before its connection is dropped."""
_DATA_ERRORS = (asyncpg.DataError, asyncpg.DataCorruptedError, UnicodeError, OverflowError)
"""Caused by the data of a query: the server's error class for it (text that its encoding cannot represent, a number out
of range in a view), a page that the server cannot read, and values that the client cannot encode or decode.
"""
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
_CONNECT_ERRORS = (*_FAILURES, ValueError, OverflowError)
"""Includes a malformed host or port: a name that the resolver cannot encode raises UnicodeError, a ValueError."""
_CONNECTION_CLOSED = (asyncpg.InterfaceError, asyncpg.PostgresConnectionError, ConnectionResetError)
"""Raised by a pooled connection that the server has closed meanwhile."""


class PostgresqlOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: ProfileKind
    url: SecretUrl
    """``postgresql://user:password@host:port/database``; a read-only standby is enough."""
    name: str = "postgresql"
    timeout_ms: int = 500
    """Longest wait for one query, connecting included; also the server's ``statement_timeout``."""
    connections: int = 4


class PostgresqlDatabase:
    def __init__(self, url: str, *, timeout_s: float, connections: int) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._connections = connections
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._pool_lock = asyncio.Lock()

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
                pool = await self._get_pool()
            except _CONNECT_ERRORS as error:
                raise DatabaseDownError from error
            try:
                return await _fetch(pool, until, query, arguments)
            except _DATA_ERRORS:  # before the next clause: asyncpg's client-side data errors are also InterfaceErrors
                raise
            except _CONNECTION_CLOSED:
                # The server has closed the pooled connection meanwhile: retry once on a new one.
                await pool.expire_connections()
                return await _fetch(pool, until, query, arguments)
        except _DATA_ERRORS as error:
            raise QueryDataError from error
        except asyncpg.QueryCanceledError as error:
            raise TimeoutError from error
        except TimeoutError:
            raise
        except _FAILURES as error:
            raise DatabaseDownError from error

    async def _get_pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        async with self._pool_lock:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,  # so that the service starts while its database is down
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
    """Each step has its own time limit: one limit around all would wait for a hanging server to confirm the cancel."""
    try:
        connection = await pool.acquire(timeout=until - time.monotonic())
    except (TimeoutError, asyncpg.QueryCanceledError, *_CONNECTION_CLOSED):
        raise
    except _CONNECT_ERRORS as error:
        raise DatabaseDownError from error
    try:
        return await connection.fetch(query, *arguments, timeout=max(until - time.monotonic(), 0.001))
    finally:
        await pool.release(connection, timeout=RELEASE_S)


def open_postgresql(options: PostgresqlOptions) -> SqlProfiles:
    """Raises ValueError for a malformed URL. Does not connect, so the database may be down."""
    if options.url.reveal().partition("://")[0] not in ("postgresql", "postgres"):
        raise ValueError("url: not a postgresql:// URL")
    if options.timeout_ms < 1 or options.connections < 1:
        raise ValueError("timeout_ms and connections must be at least 1")
    database = PostgresqlDatabase(
        options.url.reveal(), timeout_s=options.timeout_ms / 1000, connections=options.connections
    )
    return SqlProfiles(options.kind, options.name, database)
