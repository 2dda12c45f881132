from collections.abc import Iterator
from pathlib import Path

import pytest

from assurance.servers.mmdb_files import ANONYMOUS, write_mmdb
from assurance.servers.postgresql import PostgresqlServer, postgresql
from lookup_service.seed.database import seed


@pytest.fixture(scope="session")
def shared_postgresql() -> Iterator[PostgresqlServer]:
    with postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def seeded_postgresql(shared_postgresql: PostgresqlServer) -> PostgresqlServer:
    """With 40 users and 40 listings of seed 1; a test that stops it starts it again."""
    seed(shared_postgresql.url, user_count=40, listing_count=40, seed_number=1)
    return shared_postgresql


@pytest.fixture(scope="session")
def anonymous_ip(databases: Path) -> Path:
    return write_mmdb(databases / "anonymous.mmdb", ANONYMOUS, "GeoIP2-Anonymous-IP")
