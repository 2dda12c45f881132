from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from common.opt_outs.redis_client import connect
from common.opt_outs.store import OptOutStore
from local_stack.lookup.redis import Redis


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real server."""
    server = Redis(Path(tmp_path_factory.mktemp("redis")))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def empty(redis_url: str) -> Iterator["redis.Redis"]:
    """A client of that server, which is empty."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as connected:
        connected.flushall()
        yield connected


@pytest.fixture
def client(empty: "redis.Redis", redis_url: str) -> "redis.Redis":
    """A client of that server with an empty store of opt-outs."""
    store = OptOutStore(connect(redis_url))
    store.init()
    store.close()
    return empty
