"""Both databases through one set of tests: the seeded records, bad rows, and databases that go and come back."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Literal

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assurance.servers.postgresql import PostgresqlServer
from contracts.lookup_api.lookups import ListingProfile, UserProfile
from local_stack.processes.ports import free_port
from lookup_service.seed.__main__ import main
from lookup_service.seed.database import seed
from lookup_service.seed.profiles import listings, users
from lookup_service.sources.protocol import State
from lookup_service.sources.sql import sqlite as sql_sqlite
from lookup_service.sources.sql.postgresql import PostgresqlOptions, open_postgresql
from lookup_service.sources.sql.profiles import QueryDataError, SqlProfiles
from lookup_service.sources.sql.schema import ProfileKind
from lookup_service.sources.sql.sqlite import SqliteOptions, open_sqlite
from lookup_service.sources.sql.sqlite_snapshot import FileId, file_id, snapshot
from tests.lookup_service.lookup_harness import statuses, value_of

pytestmark = pytest.mark.anyio
COUNT = 40


@dataclass(frozen=True)
class Database:
    url: str

    def source(self, kind: ProfileKind, timeout_ms: int = 5000) -> SqlProfiles:
        if self.url.startswith("sqlite"):
            path = self.url.removeprefix("sqlite:///")
            return open_sqlite(SqliteOptions(kind=kind, path=path, timeout_ms=timeout_ms))
        return open_postgresql(PostgresqlOptions(kind=kind, url=self.url, timeout_ms=timeout_ms))

    def seed(self, count: int = COUNT, seed_number: int = 1) -> int:
        return seed(self.url, user_count=count, listing_count=count, seed_number=seed_number)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("shared_postgresql")
        found = Database(server.url)
    else:
        found = Database(f"sqlite:///{tmp_path / 'profiles.db'}")
    found.seed()
    return found


@pytest.fixture
async def user_source(database: Database) -> AsyncIterator[SqlProfiles]:
    source = database.source("user")
    yield source
    await source.close()


async def test_every_seeded_record_is_answered_as_it_was_written(database: Database) -> None:
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


def test_seeding_again_changes_nothing_and_another_seed_replaces(database: Database) -> None:
    assert database.seed() == 2 * (COUNT - COUNT // 20)
    assert database.seed(seed_number=2) == 2 * (COUNT - COUNT // 20)
    assert database.seed(seed_number=1) == 2 * (COUNT - COUNT // 20)


def test_seeding_from_the_command_line(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--database", database.url, "--users", "19", "--listings", "19"]) == 0
    assert capsys.readouterr().out == "seed: 38 profiles written\n"


@pytest.mark.parametrize(
    "url",
    ["nonsense", "mysql://127.0.0.1/x", "sqlite://", "sqlite:///", "sqlite://host/path", "redis://127.0.0.1/0"],
)
def test_seeding_of_what_is_no_database(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--database", url]) == 2
    assert capsys.readouterr().err == "seed: --database is not a database URL\n"


def test_seeding_of_an_absent_database_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for url in (f"postgresql://127.0.0.1:{free_port()}/x", f"sqlite:///{tmp_path}/absent/x.db"):
        assert main(["--database", url]) == 2
        assert capsys.readouterr().err.startswith("seed: the database is unreachable or rejects the request (")


def test_either_redis_or_a_database_is_seeded(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--database", "sqlite:///x", "--redis-url", "redis://127.0.0.1/0"])
    assert "not allowed with" in capsys.readouterr().err


async def test_null_columns_are_left_out_and_a_bad_row_is_an_error_alone(tmp_path: Path) -> None:
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


async def test_nobody_can_write_through_a_source(database: Database, user_source: SqlProfiles) -> None:
    await user_source.lookup(["'); DELETE FROM users; --", "u0000001"])
    assert statuses(await user_source.lookup(["u0000001"])) == ["ok"]


async def test_postgresql_goes_and_comes_back(seeded_postgresql: PostgresqlServer) -> None:
    source = Database(seeded_postgresql.url).source("user", timeout_ms=3000)
    assert statuses(await source.lookup(["u0000001"])) == ["ok"]
    seeded_postgresql.stop()
    try:
        assert statuses(await source.lookup(["u0000001", "u0000002"])) == ["error", "error"]
        assert (await source.check()).state == "unreachable"
    finally:
        seeded_postgresql.start()
    assert statuses(await source.lookup(["u0000001"])) == ["ok"]
    assert (await source.check()).state == "ok"
    await source.close()


async def test_a_postgresql_that_hangs_is_a_timeout_in_time(seeded_postgresql: PostgresqlServer) -> None:
    source = Database(seeded_postgresql.url).source("user", timeout_ms=300)
    assert statuses(await source.lookup(["u0000001"])) == ["ok"]
    with seeded_postgresql.frozen():
        began = time.monotonic()
        for _ in range(3):  # on the connection that it had, and on new ones
            assert statuses(await source.lookup(["u0000001", "u0000002"])) == ["timeout"] * 2
        assert (await source.check()).state == "timeout"
        assert time.monotonic() - began < 5
    assert statuses(await source.lookup(["u0000001"])) == ["ok"]
    with seeded_postgresql.frozen():
        await source.close()


async def test_a_table_that_is_locked_is_a_timeout(seeded_postgresql: PostgresqlServer) -> None:
    source = Database(seeded_postgresql.url).source("user", timeout_ms=300)
    assert statuses(await source.lookup(["u0000001"])) == ["ok"]
    other = await asyncpg.connect(seeded_postgresql.url)
    async with other.transaction():
        await other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        assert statuses(await source.lookup(["u0000001"])) == ["timeout"]
        assert (await source.check()).state == "ok"  # the server answers; it is the table that does not
    await other.close()
    assert statuses(await source.lookup(["u0000001"])) == ["ok"]
    await source.close()


async def test_postgresql_that_is_absent_at_the_start() -> None:
    source = Database(f"postgresql://127.0.0.1:{free_port()}/x").source("user")
    assert statuses(await source.lookup(["u1"])) == ["error"]
    assert (await source.check()).state == "unreachable"
    await source.close()


@pytest.mark.parametrize("host", ["db..example", "a" * 64 + ".example", "db.example:99999", "db.example:port"])
async def test_a_postgresql_whose_address_is_none_is_unreachable(host: str) -> None:
    """Said by the library in many ways, some of which it uses for a query's data, too."""
    source = Database(f"postgresql://u:p@{host}/x").source("user")
    assert (await source.check()).state == "unreachable"
    assert statuses(await source.lookup(["u1", "u2"])) == ["error", "error"]
    await source.close()


class SpoiltDatabase:
    async def rows(self, kind: ProfileKind, ids: Sequence[str]) -> Mapping[str, Sequence[object]]:
        raise QueryDataError

    async def ping(self) -> State:
        raise QueryDataError

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_database_that_refuses_the_checks_query_is_unreachable() -> None:
    assert (await SqlProfiles("user", "odd", SpoiltDatabase()).check()).state == "unreachable"


@pytest.fixture
def sqlite_path(tmp_path: Path) -> Path:
    return tmp_path / "profiles.db"


async def test_a_sqlite_file_comes_later_and_is_replaced(sqlite_path: Path) -> None:
    source = Database(f"sqlite:///{sqlite_path}").source("user")
    assert statuses(await source.lookup(["u0000001"])) == ["error"]
    assert (await source.check()).state == "unreachable"
    seed(f"sqlite:///{sqlite_path}", user_count=2, listing_count=0, seed_number=1)
    [first] = await source.lookup(["u0000001"])
    assert first.status == "ok"

    other = sqlite_path.with_suffix(".new")
    seed(f"sqlite:///{other}", user_count=2, listing_count=0, seed_number=2)
    move(other, sqlite_path)
    [second] = await source.lookup(["u0000001"])
    assert value_of(second) != value_of(first)

    await source.close()


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be looked at as one" * 40, None])
async def test_a_bad_sqlite_file_in_the_place_of_a_good_one_is_refused(
    sqlite_path: Path, content: bytes | None
) -> None:
    seed(f"sqlite:///{sqlite_path}", user_count=2, listing_count=0, seed_number=1)
    source = Database(f"sqlite:///{sqlite_path}").source("user")
    before = await source.lookup(["u0000001"])
    assert statuses(before) == ["ok"]
    other = sqlite_path.with_suffix(".new")
    if content is None:  # a sound one, and of something else
        with closing(sqlite3.connect(other)) as connection, connection:
            connection.execute("CREATE TABLE other (id TEXT)")
    else:
        write(other, content)
    move(other, sqlite_path)
    for _ in range(3):
        assert await source.lookup(["u0000001"]) == before
        assert (await source.check()).state == "refused_update"
    seed(f"sqlite:///{other}", user_count=2, listing_count=0, seed_number=2)
    move(other, sqlite_path)
    assert value_of((await source.lookup(["u0000001"]))[0]) != value_of(before[0])
    assert (await source.check()).state == "ok"
    move(sqlite_path, other)
    assert statuses(await source.lookup(["u0000001"])) == ["error"]
    await source.close()


async def test_a_new_sqlite_file_that_takes_long_to_copy_keeps_nobody_waiting(
    sqlite_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(f"sqlite:///{sqlite_path}", user_count=2, listing_count=0, seed_number=1)
    source = Database(f"sqlite:///{sqlite_path}").source("user", timeout_ms=1000)
    before = await source.lookup(["u0000001"])
    may_go_on = threading.Event()

    def slowly(path: Path, query: str, *, timeout_s: float) -> tuple[sqlite3.Connection, FileId]:
        may_go_on.wait(20)
        return snapshot(path, query, timeout_s=timeout_s)

    monkeypatch.setattr(sql_sqlite, "snapshot", slowly)
    other = sqlite_path.with_suffix(".new")
    seed(f"sqlite:///{other}", user_count=2, listing_count=0, seed_number=2)
    move(other, sqlite_path)
    assert await source.lookup(["u0000001"]) == before
    may_go_on.set()
    async with asyncio.timeout(20):
        while await source.lookup(["u0000001"]) == before:  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.01)
    await source.close()


async def test_a_log_that_comes_and_goes_between_two_looks_is_no_fault(tmp_path: Path) -> None:
    path, log = tmp_path / "p.db", tmp_path / "p.db-wal"
    write(path, b"x")
    ended = threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            log.touch()
            log.unlink()

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        seen = {len(file_id(path)) for _ in range(20_000)}
    finally:
        ended.set()
        thread.join()
    assert seen <= {1, 2}


async def test_a_sqlite_file_overwritten_in_place_is_never_read_half(sqlite_path: Path) -> None:
    """As ``cp`` and ``curl -o`` do it: shortened, then written bit by bit. Nobody gets another one's record."""
    other = sqlite_path.with_suffix(".new")
    seed(f"sqlite:///{sqlite_path}", user_count=500, listing_count=0, seed_number=1)
    seed(f"sqlite:///{other}", user_count=900, listing_count=0, seed_number=2)
    source = Database(f"sqlite:///{sqlite_path}").source("user", timeout_ms=20_000)
    keys = [f"u{n:07d}" for n in range(1, 500)]
    before = await source.lookup(keys)
    assert "error" not in statuses(before)
    content = read(other)
    with opened(sqlite_path) as file:
        for start in range(0, len(content), len(content) // 7):
            file.write(content[start : start + len(content) // 7])
            if start + len(content) // 7 < len(content):
                assert await source.lookup(keys) == before
                assert (await source.check()).state == "refused_update"
    after = await source.lookup(keys)
    expected = dict(users(500, 2))
    assert [value_of(result) for result in after if result.status == "ok"] == [
        msgspec.to_builtins(profile) for key in keys if (profile := expected[key]) is not None
    ]
    assert (await source.check()).state == "ok"
    await source.close()


async def test_pages_of_two_sqlite_files_in_one_are_never_read(sqlite_path: Path) -> None:
    """Overwritten from the front without shortening: every page is sound, and the whole is not."""
    other = sqlite_path.with_suffix(".new")
    seed(f"sqlite:///{sqlite_path}", user_count=500, listing_count=0, seed_number=1)
    seed(f"sqlite:///{other}", user_count=500, listing_count=0, seed_number=2)
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("DELETE FROM users WHERE rowid % 3 = 0")
    source = Database(f"sqlite:///{sqlite_path}").source("user", timeout_ms=20_000)
    keys = [f"u{n:07d}" for n in range(1, 500)]
    before = await source.lookup(keys)
    content = read(other)
    with opened(sqlite_path, mode="r+b") as file:
        file.write(content[: len(content) // 8192 * 4096])
    assert await source.lookup(keys) == before
    await source.close()


async def test_a_commit_is_seen_at_once(sqlite_path: Path) -> None:
    seed(f"sqlite:///{sqlite_path}", user_count=2, listing_count=0, seed_number=1)
    source = Database(f"sqlite:///{sqlite_path}").source("user", timeout_ms=20_000)
    for mode in ("delete", "wal"):
        with closing(sqlite3.connect(sqlite_path)) as connection:
            connection.execute(f"PRAGMA journal_mode = {mode}")
            for segment in ("x", "y", "z"):
                with connection:
                    connection.execute("UPDATE users SET user_segment = ?", (segment,))
                [result] = await source.lookup(["u0000001"])
                assert value_of(result)["user_segment"] == segment
    await source.close()


async def test_a_locked_sqlite_file_is_a_failure_and_then_works_again(sqlite_path: Path) -> None:
    seed(f"sqlite:///{sqlite_path}", user_count=2, listing_count=0, seed_number=1)
    source = Database(f"sqlite:///{sqlite_path}").source("user", timeout_ms=300)
    with closing(sqlite3.connect(sqlite_path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        [result] = await source.lookup(["u0000001"])
        assert result.status in ("error", "timeout")
        other.execute("ROLLBACK")
    assert statuses(await source.lookup(["u0000001"])) == ["ok"]
    await source.close()


def move(old: Path, new: Path) -> None:
    old.replace(new)


def read(path: Path) -> bytes:
    return path.read_bytes()


def opened(path: Path, mode: Literal["wb", "r+b"] = "wb") -> FileIO:
    """To be written in place."""
    return path.open(mode, buffering=0)


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def test_options_that_are_refused() -> None:
    with pytest.raises(ValueError, match="url"):
        open_postgresql(PostgresqlOptions(kind="user", url="mysql://127.0.0.1/x"))
    with pytest.raises(ValueError, match="timeout_ms"):
        open_sqlite(SqliteOptions(kind="user", path="x", timeout_ms=0))
