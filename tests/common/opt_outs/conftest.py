from collections.abc import Iterator

import pytest
import redis

from common.opt_outs.redis_client import Client, connect
from common.opt_outs.store import OptOutStore
from tests.common.opt_outs.recording_mirror import RecordingMirror
from tests.redis_fixtures import client, empty, redis_url

__all__ = ["client", "empty", "redis_url"]


@pytest.fixture
def raw(redis_url: str, client: "redis.Redis") -> Iterator[Client]:
    """A client of bytes, as the job uses it, of a Redis with an empty store."""
    assert client.dbsize() == 1, "the Redis holds more than the store"
    connected = connect(redis_url)
    yield connected
    connected.close()


@pytest.fixture
def store(raw: Client) -> OptOutStore:
    return OptOutStore(raw)


@pytest.fixture
def mirror(raw: Client) -> RecordingMirror:
    return RecordingMirror(raw)
