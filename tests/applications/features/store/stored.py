"""What tests of the store look at."""

import time
from collections.abc import Callable, Iterator

import redis

from applications.features.store.feature_store import FeatureStore
from core.features.model import EntityName
from core.stored_value import StoredState, decode_state
from local_stack.lookup.redis import redis_executable
from tests.redis_server import RedisProcess

TTL_S: dict[EntityName, int] = {"browser": 600, "session": 60, "user": 900}


def server() -> Iterator[RedisProcess]:
    with RedisProcess(redis_executable()) as running:
        yield running


def key(number: int) -> str:
    return f"features:browser:b{number}"


def until(found: Callable[[], object], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def state(client: "redis.Redis", name: str) -> StoredState | None:
    value = client.get(name)
    assert value is None or isinstance(value, bytes)
    return None if value is None else decode_state(value)


def packed(client: "redis.Redis", name: str) -> bytes | None:
    found = state(client, name)
    return None if found is None else found.packed


def all_written(store: FeatureStore) -> None:
    until(lambda: store.waiting == 0, 30)
