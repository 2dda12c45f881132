from collections.abc import Iterator
from pathlib import Path

import pytest

from lookup_service.seed_database import seed
from tests.lookup_service.sources.postgresql import PostgresqlServer, postgresql
from tests.shared_data import ANONYMOUS_IP, ASN


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
def asn() -> Path:
    return _database(ASN)


@pytest.fixture(scope="session")
def anonymous_ip() -> Path:
    return _database(ANONYMOUS_IP)


def _database(path: Path) -> Path:
    if not path.exists():
        pytest.skip("MaxMind's test databases are not in ../shared/data")
    return path
