from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.lookup_service.features.samples import Store, feature_set, written
from tests.lookup_service.lookup_harness import RedisServer, client_of
from tests.lookup_service.scoring.samples import put_model


@pytest.fixture
def store(redis_server: RedisServer) -> Store:
    return Store(redis_server, feature_set())


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with one model."""
    folder = tmp_path / "models"
    folder.mkdir()
    put_model(folder)
    return folder


@pytest.fixture
async def client(redis_server: RedisServer, tmp_path: Path, models: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(
        redis_url=redis_server.url, features_path=written(tmp_path), sources="", models_path=models, models_poll_s=0.02
    ) as opened:
        yield opened
