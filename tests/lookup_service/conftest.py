import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from assurance.servers.mmdb_files import ASN, CITY, write_mmdb
from assurance.servers.postgresql import PostgresqlServer, postgresql
from deploy.build.errors import MissingToolError
from local_stack.lookup.redis import redis_executable
from lookup_service.resolving.shared_redis import SharedRedis
from lookup_service.seed.database import seed
from tests.lookup_service.lookup_harness import RedisServer
from tests.lookup_service.profile_databases import Database
from tests.lookup_service.resolving.cache_harness import Clock


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("LOOKUP_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def executable() -> str:
    try:
        return redis_executable()
    except MissingToolError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def shared_redis(executable: str) -> Iterator[RedisServer]:
    with RedisServer(executable) as server:
        yield server


@pytest.fixture
def redis_server(shared_redis: RedisServer) -> RedisServer:
    """An empty Redis that no test stops."""
    shared_redis.client.flushall()
    shared_redis.client.config_resetstat()
    return shared_redis


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for MaxMind databases."""
    return tmp_path_factory.mktemp("mmdb")


@pytest.fixture(scope="session")
def city(databases: Path) -> Path:
    return write_mmdb(databases / "city.mmdb", CITY, "GeoIP2-City")


@pytest.fixture(scope="session")
def asn(databases: Path) -> Path:
    return write_mmdb(databases / "asn.mmdb", ASN, "GeoLite2-ASN")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[SharedRedis]:
    client = SharedRedis(redis_server.url, timeout_s=5)
    yield client
    await client.close()


@pytest.fixture(scope="session")
def shared_postgresql() -> Iterator[PostgresqlServer]:
    with postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def seeded_postgresql(shared_postgresql: PostgresqlServer) -> PostgresqlServer:
    """With 40 users and 40 listings of seed 1; a test that stops it starts it again."""
    seed(shared_postgresql.url, user_count=40, listing_count=40, seed_number=1)
    return shared_postgresql


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A seeded database; each test that uses it runs with both SQLite and PostgreSQL."""
    if request.param == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("shared_postgresql")
        found = Database(server.url)
    else:
        found = Database(f"sqlite:///{tmp_path / 'profiles.db'}")
    found.seed()
    return found
