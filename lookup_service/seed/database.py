"""Writes demonstration profiles to PostgreSQL or SQLite. Repeating it gives the same result."""

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg

from contracts.lookup_api.lookups import ListingProfile, UserProfile
from lookup_service.seed.profiles import listings, users
from lookup_service.sources.sql.schema import COLUMNS, SCHEMA, TABLES, ProfileKind, columns_of, row_of

CHUNK = 2000
"""Records per round trip."""
TIMEOUT_S = 60.0
"""For one statement with :data:`CHUNK` records."""

Records = Iterator[tuple[str, UserProfile | ListingProfile | None]]


class SeedError(Exception):
    """The database is unreachable or rejects the statements. The message is one line and shows no values."""


def seed(url: str, *, user_count: int, listing_count: int, seed_number: int) -> int:
    """Creates missing tables, writes the profiles and deletes the ids that have none, in one transaction.

    Returns the number of profiles written. Raises SeedError, or ValueError for an unsupported URL.
    """
    records: tuple[tuple[ProfileKind, Records], ...] = (
        ("user", iter(users(user_count, seed_number))),
        ("listing", iter(listings(listing_count, seed_number, sellers=user_count))),
    )
    parts = urlsplit(url)
    try:
        if parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1:
            # sqlite:///relative and sqlite:////absolute, as in SQLAlchemy
            return _seed_sqlite(Path(unquote(parts.path[1:])), records)
        if parts.scheme in ("postgresql", "postgres"):
            return asyncio.run(_seed_postgresql(url, records))
    except (sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise SeedError(f"the database is unreachable or rejects the request ({type(error).__name__})") from error
    raise ValueError("not a database URL")


def _seed_sqlite(path: Path, records: Iterable[tuple[ProfileKind, Records]]) -> int:
    written = 0
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in SCHEMA:
            connection.execute(statement)
        for kind, present, absent in _chunks(records):
            connection.executemany(_upsert(kind, "?"), present)
            connection.executemany(_delete(kind, "?"), absent)
            written += len(present)
    return written


async def _seed_postgresql(url: str, records: Iterable[tuple[ProfileKind, Records]]) -> int:
    written = 0
    connection = await asyncpg.connect(url, timeout=5, command_timeout=TIMEOUT_S)
    try:
        async with connection.transaction():
            for statement in SCHEMA:
                await connection.execute(statement)
            for kind, present, absent in _chunks(records):
                await connection.executemany(_upsert(kind, "$"), present)
                await connection.executemany(_delete(kind, "$"), absent)
                written += len(present)
    finally:
        await connection.close()
    return written


def _chunks(
    records: Iterable[tuple[ProfileKind, Records]],
) -> Iterator[tuple[ProfileKind, list[tuple[Any, ...]], list[tuple[str]]]]:
    """Rows to write and ids to delete, one round trip at a time."""
    for kind, of_kind in records:
        while chunk := list(islice(of_kind, CHUNK)):
            present = [row_of(kind, key, profile) for key, profile in chunk if profile is not None]
            yield kind, present, [(key,) for key, profile in chunk if profile is None]


def _upsert(kind: ProfileKind, mark: str) -> str:
    marks = ", ".join(_mark(mark, number) for number in range(1, len(COLUMNS[kind]) + 2))
    changes = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[kind])
    return (
        f"INSERT INTO {TABLES[kind]} ({columns_of(kind)}) VALUES ({marks}) "  # noqa: S608  # own names
        f"ON CONFLICT (id) DO UPDATE SET {changes}"
    )


def _delete(kind: ProfileKind, mark: str) -> str:
    return f"DELETE FROM {TABLES[kind]} WHERE id = {_mark(mark, 1)}"  # noqa: S608  # own names


def _mark(mark: str, number: int) -> str:
    return mark if mark == "?" else f"{mark}{number}"
