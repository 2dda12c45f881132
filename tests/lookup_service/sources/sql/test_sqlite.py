"""Profiles in a SQLite file that is created, replaced, overwritten in place, damaged or locked."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from io import FileIO
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from lookup_service.seed.database import seed
from lookup_service.seed.profiles import users
from lookup_service.sources.sql import sqlite as sql_sqlite
from lookup_service.sources.sql.sqlite_snapshot import FileId, file_id, snapshot
from tests.lookup_service.lookup_harness import statuses, value_of
from tests.lookup_service.profile_databases import Database

pytestmark = pytest.mark.anyio


@pytest.fixture
def sqlite_path(tmp_path: Path) -> Path:
    return tmp_path / "profiles.db"


async def test_a_sqlite_file_is_created_later_and_replaced(sqlite_path: Path) -> None:
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
async def test_a_bad_sqlite_file_is_rejected_and_the_previous_one_stays(
    sqlite_path: Path, content: bytes | None
) -> None:
    seed(f"sqlite:///{sqlite_path}", user_count=2, listing_count=0, seed_number=1)
    source = Database(f"sqlite:///{sqlite_path}").source("user")
    before = await source.lookup(["u0000001"])
    assert statuses(before) == ["ok"]
    other = sqlite_path.with_suffix(".new")
    if content is None:  # a valid database with other tables
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


async def test_queries_do_not_wait_for_a_sqlite_file_that_takes_long_to_copy(
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
        while await source.lookup(["u0000001"]) == before:  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.01)
    await source.close()


async def test_a_write_ahead_log_may_appear_and_disappear_at_any_time(tmp_path: Path) -> None:
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


async def test_a_sqlite_file_overwritten_in_place_is_never_read_incomplete(sqlite_path: Path) -> None:
    """As ``cp`` and ``curl -o`` do it: truncated, then written in parts. No key gets the record of another one."""
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


async def test_a_file_with_pages_of_two_sqlite_files_is_never_read(sqlite_path: Path) -> None:
    """Overwritten from the start without truncation: every page is valid, but the file is not."""
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


async def test_a_locked_sqlite_file_fails_and_then_works_again(sqlite_path: Path) -> None:
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
    """For writing in place."""
    return path.open(mode, buffering=0)


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
