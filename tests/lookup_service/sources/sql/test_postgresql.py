"""Profiles in a PostgreSQL that stops, hangs, is locked or unreachable."""

import time

import asyncpg
import pytest

from assurance.servers.postgresql import PostgresqlServer
from local_stack.processes.ports import free_port
from tests.lookup_service.lookup_harness import statuses
from tests.lookup_service.profile_databases import Database

pytestmark = pytest.mark.anyio


async def test_postgresql_stops_and_recovers(seeded_postgresql: PostgresqlServer) -> None:
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


async def test_a_hanging_postgresql_is_a_timeout_within_the_limit(seeded_postgresql: PostgresqlServer) -> None:
    source = Database(seeded_postgresql.url).source("user", timeout_ms=300)
    assert statuses(await source.lookup(["u0000001"])) == ["ok"]
    with seeded_postgresql.frozen():
        began = time.monotonic()
        for _ in range(3):  # on the existing connection and on new ones
            assert statuses(await source.lookup(["u0000001", "u0000002"])) == ["timeout"] * 2
        assert (await source.check()).state == "timeout"
        assert time.monotonic() - began < 5
    assert statuses(await source.lookup(["u0000001"])) == ["ok"]
    with seeded_postgresql.frozen():
        await source.close()


async def test_a_locked_table_is_a_timeout(seeded_postgresql: PostgresqlServer) -> None:
    source = Database(seeded_postgresql.url).source("user", timeout_ms=300)
    assert statuses(await source.lookup(["u0000001"])) == ["ok"]
    other = await asyncpg.connect(seeded_postgresql.url)
    async with other.transaction():
        await other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        assert statuses(await source.lookup(["u0000001"])) == ["timeout"]
        assert (await source.check()).state == "ok"  # only the table is locked
    await other.close()
    assert statuses(await source.lookup(["u0000001"])) == ["ok"]
    await source.close()


async def test_postgresql_may_be_unreachable_at_the_start() -> None:
    source = Database(f"postgresql://127.0.0.1:{free_port()}/x").source("user")
    assert statuses(await source.lookup(["u1"])) == ["error"]
    assert (await source.check()).state == "unreachable"
    await source.close()


@pytest.mark.parametrize("host", ["db..example", "a" * 64 + ".example", "db.example:99999", "db.example:port"])
async def test_a_malformed_postgresql_host_is_unreachable(host: str) -> None:
    """The library raises various exceptions, some of which it also raises for the data of a query."""
    source = Database(f"postgresql://u:p@{host}/x").source("user")
    assert (await source.check()).state == "unreachable"
    assert statuses(await source.lookup(["u1", "u2"])) == ["error", "error"]
    await source.close()
