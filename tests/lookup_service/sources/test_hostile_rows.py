"""A record outside the contract is an error for its key only, and only until the record is corrected."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from assurance.servers import mmdb_files
from assurance.servers.mmdb_files import write_mmdb
from assurance.servers.postgresql import PostgresqlServer
from assurance.servers.profile_api import Api, api_server, source_of
from common.secret import SecretUrl
from contracts.lookup_api.lookups import LookupResult
from lookup_service.seed.database import seed
from lookup_service.sources.mmdb import probe as mmdb_probe
from lookup_service.sources.mmdb.city import CityOptions, open_city
from lookup_service.sources.mmdb.network import MmdbNetworkOptions, open_mmdb_network
from lookup_service.sources.protocol import Source
from lookup_service.sources.redis.profiles import ProfileOptions, ProfilesUrl, open_profiles
from lookup_service.sources.sql.postgresql import PostgresqlOptions, open_postgresql
from lookup_service.sources.sql.sqlite import SqliteOptions, open_sqlite
from tests.lookup_service.lookup_harness import RedisServer, statuses
from tests.lookup_service.sources.test_source_contract import valid_value

pytestmark = pytest.mark.anyio

MICROSECONDS = 1_700_000_000_000_000
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check_results(source: Source, results: Sequence[LookupResult]) -> None:
    """The first and the last key have valid records; the one between them may have any record."""
    first, hostile, last = results
    assert statuses([first, last]) == ["ok", "ok"]
    assert hostile.status in ("ok", "missing", "error")
    for result in results:
        valid_value(source, result)


# SQLite stores any type in any column, whatever the column's declared type.
CELLS = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.binary(max_size=20),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.sampled_from([MICROSECONDS, -1, "nan", "inf", "1e999", "9" * 30, "x" * 20_000]),
)
ODD_TEXT = st.binary(min_size=1, max_size=8).map(lambda raw: raw.hex())


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    seed(f"sqlite:///{tmp_path / 'profiles.db'}", user_count=0, listing_count=0, seed_number=1)
    with closing(sqlite3.connect(tmp_path / "profiles.db")) as connection, connection:
        connection.execute("DROP TABLE users")  # created again without the CHECK constraint
        connection.execute("CREATE TABLE users (id, user_registered_tstamp, user_segment, user_type, user_verified)")
        connection.executemany("INSERT INTO users VALUES (?, 5, 'x', 'private', 1)", [("a",), ("z",)])
    return tmp_path / "profiles.db"


def write_row(path: Path, row: Sequence[object], *, odd_text: str | None = None) -> None:
    segment = "?" if odd_text is None else f"CAST(x'{odd_text}' AS TEXT)"
    given_row = row if odd_text is None else [*row[:2], *row[3:]]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM users WHERE id = 'm'")
        connection.execute(f"INSERT INTO users VALUES (?, ?, {segment}, ?, ?)", given_row)  # noqa: S608  # the test's own


@SETTINGS
@given(cells=st.tuples(CELLS, CELLS, CELLS, CELLS), odd_text=st.none() | ODD_TEXT)
async def test_any_row_of_sqlite(profiles: Path, cells: tuple[Any, ...], odd_text: str | None) -> None:
    source = open_sqlite(SqliteOptions(kind="user", path=str(profiles), timeout_ms=20_000))
    write_row(profiles, ["m", *cells], odd_text=odd_text)
    check_results(source, await source.lookup(["a", "m", "z"]))
    write_row(profiles, ["m", 7, "x", "private", 0])
    assert statuses(await source.lookup(["a", "m", "z"])) == ["ok"] * 3
    await source.close()


@pytest.mark.parametrize(
    "cells",
    [(MICROSECONDS, "x", "private", 1), (-1, "x", "private", 1), (5, "x", "robot", 1), (5, "x", "private", 7),
     ("soon", "x", "private", 1), (5, b"\xff\xfe", "private", 1), (5, "x" * 20_000, "private", 1), (1.5, "x", None, 1)],
)  # fmt: skip
async def test_invalid_rows_are_errors_and_logged_without_their_values(profiles: Path, cells: tuple[Any, ...]) -> None:
    source = open_sqlite(SqliteOptions(kind="user", path=str(profiles), timeout_ms=20_000))
    write_row(profiles, ["m", *cells])
    with capture_logs() as logs:
        assert statuses(await source.lookup(["a", "m", "z"])) == ["ok", "error", "ok"]
    [entry] = logs
    assert (entry["event"], entry["source"], entry["count"]) == ("records_refused", "sqlite", 1)
    assert not {str(cell) for cell in cells if len(str(cell)) > 4} & set(" ".join(map(str, entry.values())).split())
    await source.close()


async def test_one_row_with_text_that_is_not_utf8(profiles: Path) -> None:
    source = open_sqlite(SqliteOptions(kind="user", path=str(profiles), timeout_ms=20_000))
    write_row(profiles, ["m", 5, "", "private", 1], odd_text="fffe41")
    assert statuses(await source.lookup(["a", "m", "z"])) == ["ok", "error", "ok"]
    await source.close()


# PostgreSQL: values that its columns can store, and data that it rejects in a query or cannot return.


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def postgresql_source(server: PostgresqlServer, database: str, *statements: str) -> Source:
    """A source for a new database, in which the statements were executed."""
    await execute(server.url, f"DROP DATABASE IF EXISTS {database.split(maxsplit=1)[0]}", f"CREATE DATABASE {database}")
    url = server.url.rpartition("/")[0] + f"/{database.split(maxsplit=1)[0]}"
    await execute(url, *statements)
    return open_postgresql(PostgresqlOptions(kind="listing", url=SecretUrl(url), timeout_ms=20_000))


TABLE = """CREATE TABLE listings (id text, listing_category text, listing_price double precision,
    listing_currency text, listing_seller_id text, listing_created_tstamp bigint)"""
GOOD = "INSERT INTO listings VALUES ('a', 'x', 1, 'EUR', 's', 5), ('z', 'x', 1, 'EUR', 's', 5)"


@pytest.mark.parametrize(
    "row",
    ["'x', 'NaN', 'EUR', 's', 5", "'x', 'Infinity', 'EUR', 's', 5", "'x', 1e300, 'EUR', 's', 5",
     f"'x', 1, 'EUR', 's', {MICROSECONDS}", "'x', 1, 'EUR', 's', -1", "repeat('x', 20000), 1, 'EUR', 's', 5"],
)  # fmt: skip
async def test_rows_of_postgresql(shared_postgresql: PostgresqlServer, row: str) -> None:
    odd = f"INSERT INTO listings VALUES ('m', {row})"  # noqa: S608  # the test's own
    source = await postgresql_source(shared_postgresql, "hostile", TABLE, GOOD, odd)
    assert statuses(await source.lookup(["a", "m", "z"])) == ["ok", "error", "ok"]
    url = shared_postgresql.url.rpartition("/")[0] + "/hostile"
    await execute(url, "UPDATE listings SET listing_category = 'x', listing_price = 1, listing_created_tstamp = 5")
    assert statuses(await source.lookup(["a", "m", "z"])) == ["ok"] * 3
    await source.close()


async def test_a_row_that_the_database_cannot_compute(shared_postgresql: PostgresqlServer) -> None:
    view = """CREATE VIEW listings AS SELECT id, category AS listing_category, 1.0 / price AS listing_price,
        'EUR' AS listing_currency, 's' AS listing_seller_id, 5::bigint AS listing_created_tstamp FROM base"""
    rows = "INSERT INTO base SELECT 'k' || n, 'x', n FROM generate_series(0, 499) n"
    source = await postgresql_source(
        shared_postgresql, "hostile", "CREATE TABLE base (id text, category text, price double precision)", view, rows
    )
    results = await source.lookup([f"k{n}" for n in range(500)])
    assert statuses(results) == ["error", *["ok"] * 499]
    assert (await source.check()).state == "ok"
    await source.close()


async def test_a_key_that_the_databases_encoding_cannot_represent(shared_postgresql: PostgresqlServer) -> None:
    latin = "hostile ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    source = await postgresql_source(shared_postgresql, latin, TABLE, GOOD)
    assert statuses(await source.lookup(["a", "日本", "z"])) == ["ok", "error", "ok"]
    assert (await source.check()).state == "ok"
    await source.close()


async def test_text_that_is_invalid_in_any_encoding(shared_postgresql: PostgresqlServer) -> None:
    ascii_only = "hostile ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    odd = r"INSERT INTO listings VALUES ('m', convert_from('\xff41'::bytea, 'SQL_ASCII'), 1, 'EUR', 's', 5)"
    source = await postgresql_source(shared_postgresql, ascii_only, TABLE, GOOD, odd)
    assert statuses(await source.lookup(["a", "m", "z"])) == ["ok", "error", "ok"]
    await source.close()


# Redis and HTTP return arbitrary bytes.
NAMES = ["user_segment", "user_registered_tstamp", "user_verified", "account", "segment", "tags"]
BODIES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"", b"null", b"[]", b"{", b"[" * 100_000, b'"\xff"', b'{"user_segment":"\\ud800"}', b'{"user_segment":7}',
         b'{"user_registered_tstamp":%d}' % MICROSECONDS, b'{"user_registered_tstamp":1e400}', b'{"account":[]}',
         b'{"user_verified":"yes"}', b'{"account":{"segment":"\xed\xa0\x80"}}', b'{"account":{"segment":"\\ud83d"}}',
         b'{"account":{"verified":"nan"}}', b'{"account":{"segment":"%b"}}' % (b"x" * 20_000), b"<html>", b"NaN"]
    ),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    ).map(msgspec.json.encode),
)  # fmt: skip
GOOD_PROFILE = b'{"user_segment":"x"}'


@pytest.fixture
async def redis_source(redis_server: RedisServer) -> AsyncIterator[Source]:
    source = open_profiles(ProfileOptions(kind="user", url=ProfilesUrl(redis_server.url), timeout_ms=5000))
    yield source
    await source.close()


@SETTINGS
@given(body=BODIES)
async def test_any_record_in_redis(redis_source: Source, redis_server: RedisServer, body: bytes) -> None:
    redis_server.put(**{"user:a": GOOD_PROFILE, "user:m": body, "user:z": GOOD_PROFILE})
    check_results(redis_source, await redis_source.lookup(["a", "m", "z"]))
    redis_server.put(**{"user:m": GOOD_PROFILE})
    assert statuses(await redis_source.lookup(["a", "m", "z"])) == ["ok"] * 3


@SETTINGS
@given(key=st.text(st.characters(), max_size=20) | st.sampled_from(["\ud800", "\0", "x" * 100_000]))
async def test_any_key_of_redis(redis_source: Source, redis_server: RedisServer, key: str) -> None:
    redis_server.put(**{"user:a": GOOD_PROFILE, "user:z": GOOD_PROFILE})
    first, other, last = await redis_source.lookup(["a", key, "z"])
    assert (first.status, last.status) == ("ok", "ok")
    assert other.status == ("ok" if key in ("a", "z") else "missing")


async def test_a_redis_value_of_another_type_is_missing(redis_source: Source, redis_server: RedisServer) -> None:
    redis_server.put(**{"user:a": GOOD_PROFILE})
    redis_server.client.hset("user:m", "user_segment", "x")
    assert statuses(await redis_source.lookup(["a", "m"])) == ["ok", "missing"]


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with api_server() as served:
        yield served


@pytest.fixture
async def http_source(api: Api) -> AsyncIterator[Source]:
    source = source_of(api, timeout_ms=20_000, breaker_failures=1, requests_per_second=1e6, burst=10_000)
    yield source
    await source.close()


@SETTINGS
@given(body=BODIES)
async def test_any_body_of_an_api(http_source: Source, api: Api, body: bytes) -> None:
    api.bodies["m"] = body
    check_results(http_source, await http_source.lookup(["u1", "m", "a/b?c=d&é #"]))
    del api.bodies["m"]
    assert statuses(await http_source.lookup(["u1", "m"])) == ["ok", "missing"]


# Files: a malformed record that was not among the samples read before the file was taken into use.


@pytest.mark.parametrize(
    ("records", "name", "opened"),
    [
        ({"1.2.0.0/24": mmdb_files.LONDON, "1.2.3.0/24": {"country": {"iso_code": 7}}, "1.3.0.0/24": mmdb_files.LONDON},
         "GeoIP2-City", lambda path: open_city(CityOptions(path=path))),
        ({"1.2.0.0/24": {"autonomous_system_number": 1}, "1.2.3.0/24": {"autonomous_system_number": 2**33},
          "1.3.0.0/24": {"autonomous_system_number": 1}},
         "GeoLite2-ASN", lambda path: open_mmdb_network(MmdbNetworkOptions(asn_path=str(path)))),
    ],
)  # fmt: skip
async def test_a_malformed_record_in_an_address_database(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    records: mmdb_files.Records,
    name: str,
    opened: Callable[[Path], Source],
) -> None:
    monkeypatch.setattr(mmdb_probe, "MAX_FULL_SCAN_NODES", 0)
    source = opened(write_mmdb(tmp_path / "x.mmdb", records, name))
    results = await source.lookup(["1.2.0.1", "1.2.3.1", "1.3.0.1"])
    assert statuses(results) == ["ok", "error", "ok"]
    check_results(source, results)
    await source.close()


async def test_a_damaged_record_in_one_database_leaves_the_data_of_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mmdb_probe, "MAX_FULL_SCAN_NODES", 0)
    odd = {"1.2.0.0/24": {"autonomous_system_number": 1}, "1.2.3.0/24": {"autonomous_system_number": 2**33}}
    asn = write_mmdb(tmp_path / "asn.mmdb", odd, "GeoLite2-ASN")
    anonymous = write_mmdb(tmp_path / "anonymous.mmdb", mmdb_files.ANONYMOUS, "GeoIP2-Anonymous-IP")
    source = open_mmdb_network(MmdbNetworkOptions(asn_path=str(asn), anonymous_ip_path=str(anonymous)))
    [result] = await source.lookup(["1.2.3.1"])
    assert valid_value(source, result) is not None
    await source.close()
