"""Both databases through one set of tests: the seeded records, bad rows and any keys."""

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.secret import SecretUrl
from contracts.lookup_api.lookups import ListingProfile, UserProfile
from lookup_service.seed.database import seed
from lookup_service.seed.profiles import listings, users
from lookup_service.sources.protocol import State
from lookup_service.sources.sql.postgresql import PostgresqlOptions, open_postgresql
from lookup_service.sources.sql.profiles import QueryDataError, SqlProfiles
from lookup_service.sources.sql.schema import ProfileKind
from lookup_service.sources.sql.sqlite import SqliteOptions, open_sqlite
from tests.lookup_service.lookup_harness import statuses, value_of
from tests.lookup_service.profile_databases import COUNT, Database

pytestmark = pytest.mark.anyio


@pytest.fixture
async def user_source(database: Database) -> AsyncIterator[SqlProfiles]:
    source = database.source("user")
    yield source
    await source.close()


async def test_every_seeded_record_is_returned_as_written(database: Database) -> None:
    records: dict[ProfileKind, list[tuple[str, UserProfile | ListingProfile | None]]] = {
        "user": list(users(COUNT, 1)),
        "listing": list(listings(COUNT, 1, sellers=COUNT)),
    }
    for kind, expected in records.items():
        source = database.source(kind)
        results = await source.lookup([key for key, _ in expected])
        for result, (_, profile) in zip(results, expected, strict=True):
            if profile is None:
                assert result.status == "missing"
            else:
                assert value_of(result) == msgspec.to_builtins(profile)
        await source.close()


async def test_null_columns_are_omitted_and_a_bad_row_is_an_error_for_its_key_only(tmp_path: Path) -> None:
    path = tmp_path / "bad.db"
    seed(f"sqlite:///{path}", user_count=0, listing_count=0, seed_number=1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO users (id, user_segment, user_verified) VALUES (?, ?, ?)",
            [("null", None, None), ("bad", "regular", 7), ("text", "regular", "maybe"), ("good", "regular", 0)],
        )
    source = open_sqlite(SqliteOptions(kind="user", path=str(path), timeout_ms=5000))
    null, bad, text, good = await source.lookup(["null", "bad", "text", "good"])
    assert (null.status, bad.status, text.status) == ("ok", "error", "error")
    assert value_of(null) == {}
    assert value_of(good) == {"user_segment": "regular", "user_verified": False}
    await source.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=st.lists(st.text(st.characters(), max_size=30) | st.sampled_from(["u0000001", "u0000020"]), max_size=30))
async def test_any_keys(user_source: SqlProfiles, keys: list[str]) -> None:
    results = await user_source.lookup(keys)
    assert statuses(results) == ["ok" if key == "u0000001" else "missing" for key in keys]


async def test_a_key_cannot_inject_sql(database: Database, user_source: SqlProfiles) -> None:
    await user_source.lookup(["'); DELETE FROM users; --", "u0000001"])
    assert statuses(await user_source.lookup(["u0000001"])) == ["ok"]


class RejectingDatabase:
    async def rows(self, kind: ProfileKind, ids: Sequence[str]) -> Mapping[str, Sequence[object]]:
        raise QueryDataError

    async def ping(self) -> State:
        raise QueryDataError

    async def close(self) -> None:
        """No-op: there is no connection."""


async def test_a_database_that_rejects_the_probe_query_is_unreachable() -> None:
    assert (await SqlProfiles("user", "odd", RejectingDatabase()).check()).state == "unreachable"


def test_invalid_options_are_rejected() -> None:
    with pytest.raises(ValueError, match="url"):
        open_postgresql(PostgresqlOptions(kind="user", url=SecretUrl("mysql://127.0.0.1/x")))
    with pytest.raises(ValueError, match="timeout_ms"):
        open_sqlite(SqliteOptions(kind="user", path="x", timeout_ms=0))
