from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.lookup_service.features.samples import Store, feature_set, written
from tests.lookup_service.lookup_harness import RedisServer, client_of


@pytest.fixture
def store(redis_server: RedisServer) -> Store:
    return Store(redis_server, feature_set())


@pytest.fixture
async def client(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(redis_url=redis_server.url, features_path=written(tmp_path), sources="") as opened:
        yield opened
