"""The copy of the states, on a real Redis: whatever happens to it, nothing waits and everything converges."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from applications.account_security.redis_state import RedisState
from core.risk.stored_state import RULES_KEY, StoredRules, decode_rules, decode_state
from local_stack.lookup.redis import Redis

pytestmark = pytest.mark.servers


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    made = Redis(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def states(server: Redis) -> Iterator[RedisState]:
    made = RedisState(server.url, waiting=100, ttl_s=60)
    yield made
    made.close()


def _until(found: Callable[[], object], timeout_s: float = 15.0) -> None:
    until = time.monotonic() + timeout_s
    while not found():
        assert time.monotonic() < until
        time.sleep(0.02)


def _packed(server: Redis, key: str) -> bytes | None:
    value = redis.Redis.from_url(server.url).get(key)
    assert value is None or isinstance(value, bytes)
    state = None if value is None else decode_state(value)
    return None if state is None else state.packed


def test_the_newest_value_of_a_key_is_written_and_expires(server: Redis, states: RedisState) -> None:
    for number in range(50):
        states.put("risk:f:a", number, b"%d" % number)
    _until(lambda: _packed(server, "risk:f:a") == b"49")
    assert 0 < int(str(redis.Redis.from_url(server.url).ttl("risk:f:a"))) <= 60
    assert states.waiting == 0


def test_an_erased_key_is_gone_and_comes_back_with_a_new_event(server: Redis, states: RedisState) -> None:
    states.put("risk:s:a", 1, b"a")
    _until(lambda: _packed(server, "risk:s:a") == b"a")
    states.erase("risk:s:a")
    _until(lambda: _packed(server, "risk:s:a") is None)
    states.put("risk:s:a", 2, b"b")
    _until(lambda: _packed(server, "risk:s:a") == b"b")


def test_the_rules_are_written_without_an_end(server: Redis, states: RedisState) -> None:
    rules = StoredRules("abc", 1, {"a.yml": "name: a"})
    states.put_rules(rules)
    client = redis.Redis.from_url(server.url)
    _until(lambda: client.exists(RULES_KEY))
    value = client.get(RULES_KEY)
    assert isinstance(value, bytes)
    assert decode_rules(value) == rules
    assert client.ttl(RULES_KEY) == -1


def test_while_redis_hangs_nobody_waits_and_afterwards_it_has_the_newest(server: Redis, states: RedisState) -> None:
    states.put("risk:f:a", 1, b"before")
    _until(lambda: _packed(server, "risk:f:a") == b"before")
    assert server.process is not None
    pid = server.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for number in range(150):
            states.put(f"risk:f:{number}", number, b"new")
        states.erase("risk:f:a")
        assert time.monotonic() - began < 0.5
        _until(lambda: states.behind_ms > 0)
        # What the writer holds at the moment comes on top of what waits.
        assert states.waiting <= 101
        assert states.dropped >= 1
    finally:
        os.kill(pid, signal.SIGCONT)
    _until(lambda: _packed(server, "risk:f:149") == b"new" and states.waiting == 0)
    assert _packed(server, "risk:f:a") is None
    _until(lambda: states.behind_ms == 0)


def test_closing_writes_what_waits(server: Redis) -> None:
    states = RedisState(server.url, waiting=100, ttl_s=60)
    states.put("risk:f:a", 1, b"last")
    states.close()
    assert _packed(server, "risk:f:a") == b"last"


def test_closing_does_not_wait_for_a_redis_that_is_not_there() -> None:
    states = RedisState("redis://127.0.0.1:1/0", waiting=100, ttl_s=60)
    states.put("risk:f:a", 1, b"last")
    _until(lambda: states.behind_ms > 0)
    began = time.monotonic()
    states.close()
    assert time.monotonic() - began < 6
