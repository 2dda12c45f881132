"""The copy of the states, on a real Redis: whatever happens to it, nothing waits and everything converges."""

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from applications.account_security.redis_state import RedisState
from applications.account_security.redis_writes import GUARD_KEY
from core.risk.stored_state import RULES_KEY, StoredRules, decode_rules
from core.stored_value import decode_state
from local_stack.lookup.redis import Redis

pytestmark = pytest.mark.servers


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    made = Redis(tmp_path)
    made.start()
    yield made
    made.stop()


def _states(url: str, waiting_bytes: int = 1_000_000) -> RedisState:
    return RedisState(url, waiting=100, waiting_bytes=waiting_bytes, ttl_s=60)


@pytest.fixture
def states(server: Redis) -> Iterator[RedisState]:
    made = _states(server.url)
    yield made
    made.close()


@contextmanager
def _hanging(server: Redis) -> Iterator[None]:
    """A Redis that keeps its connections and answers nothing."""
    assert server.process is not None
    pid = server.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


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
    assert _packed(server, "risk:s:a") is None, "at once"
    assert states.erasures_waiting == 0
    states.put("risk:s:a", 0, b"b")
    _until(lambda: _packed(server, "risk:s:a") == b"b")


def test_an_erasure_waits_for_a_redis_that_hangs_and_what_came_after_it_stays(
    server: Redis, states: RedisState
) -> None:
    for key in ("risk:s:a", "risk:s:b"):
        states.put(key, 1, b"before")
    _until(lambda: _packed(server, "risk:s:b") == b"before")
    with _hanging(server):
        began = time.monotonic()
        states.erase("risk:s:a")
        states.erase("risk:s:b")
        assert time.monotonic() - began < 6
        _until(lambda: states.behind_ms > 0 and states.erasures_waiting == 2)
        began = time.monotonic()
        states.erase("risk:s:c")
        assert time.monotonic() - began < 0.5, "Redis is known to be down"
        states.put("risk:s:b", 0, b"after")
    _until(lambda: states.waiting == 0 and _packed(server, "risk:s:b") == b"after")
    assert states.erasures_waiting == 0
    assert _packed(server, "risk:s:a") is None


def test_an_old_process_does_not_write_over_a_newer_one(server: Redis, states: RedisState) -> None:
    with _hanging(server):
        states.put("risk:f:a", 5, b"old")
        states.put("risk:f:b", 5, b"old")
        newer = _states(server.url)
        newer.put("risk:f:a", 6, b"new")
        before = time.time_ns()
        _until(lambda: time.time_ns() - before > 2_000_000)  # the clock tells them apart
        newer.put("risk:f:b", 5, b"new")
    _until(lambda: newer.waiting == states.waiting == 0)
    _until(lambda: _packed(server, "risk:f:a") == _packed(server, "risk:f:b") == b"new")
    states.put("risk:f:a", 5, b"late")
    states.put("risk:f:c", 5, b"last")
    _until(lambda: _packed(server, "risk:f:c") == b"last")
    assert _packed(server, "risk:f:a") == b"new"
    newer.close()


def test_rules_that_rest_on_more_of_the_topic_stay(server: Redis, states: RedisState) -> None:
    client = redis.Redis.from_url(server.url)

    def stored() -> str:
        value = client.get(RULES_KEY)
        found = decode_rules(value) if isinstance(value, bytes) else None
        return "" if found is None else found.version

    def put(version: str, position: int, at: int) -> None:
        number = next(numbers)
        states.put_rules(StoredRules(version, at, {}), position)
        states.put("risk:f:after", number, b"%d" % number)
        _until(lambda: _packed(server, "risk:f:after") == b"%d" % number)

    numbers = itertools.count()
    put("a", 5, 10)
    assert stored() == "a"
    put("lags", 4, 20)
    assert stored() == "a"
    put("of an older process", 5, 9)
    assert stored() == "a"
    put("of a newer process", 5, 11)
    assert stored() == "of a newer process"
    put("b", 6, 1)
    assert stored() == "b"
    assert 0 < int(str(client.ttl(GUARD_KEY))) <= 600
    client.delete(GUARD_KEY)
    put("of a new topic", 1, 1)
    assert stored() == "of a new topic"


def test_what_waits_is_bounded_in_bytes() -> None:
    states = _states("redis://127.0.0.1:1/0", waiting_bytes=10_000)
    try:
        states.put("risk:f:a", 1, b"a")
        _until(lambda: states.behind_ms > 0)
        dropped = states.take_dropped()
        for number in range(50):
            states.put(f"risk:f:{number}", 1, bytes(1_000))
        assert states.waiting < 10
        assert dropped + states.take_dropped() > 40
        assert states.take_dropped() == 0
        states.put("risk:f:too-large", 1, bytes(20_000))
        assert states.waiting == 0
    finally:
        states.close()


def test_the_rules_are_written_without_an_end(server: Redis, states: RedisState) -> None:
    rules = StoredRules("abc", 1, {"a.yml": "name: a"})
    states.put_rules(rules, 0)
    client = redis.Redis.from_url(server.url)
    _until(lambda: client.exists(RULES_KEY))
    value = client.get(RULES_KEY)
    assert isinstance(value, bytes)
    assert decode_rules(value) == rules
    assert client.ttl(RULES_KEY) == -1


def test_while_redis_hangs_nobody_waits_and_afterwards_it_has_the_newest(server: Redis, states: RedisState) -> None:
    states.put("risk:f:a", 1, b"before")
    _until(lambda: _packed(server, "risk:f:a") == b"before")
    with _hanging(server):
        began = time.monotonic()
        for number in range(150):
            states.put(f"risk:f:{number}", number, b"new")
        assert time.monotonic() - began < 0.5
        _until(lambda: states.behind_ms > 0)
        # What the writer holds at the moment comes on top of what waits.
        assert states.waiting <= 100
        assert states.take_dropped() >= 1
    _until(lambda: _packed(server, "risk:f:149") == b"new" and states.waiting == 0)
    _until(lambda: states.behind_ms == 0)


def test_closing_writes_what_waits(server: Redis) -> None:
    states = _states(server.url)
    states.put("risk:f:a", 1, b"last")
    states.close()
    assert _packed(server, "risk:f:a") == b"last"


def test_closing_does_not_wait_for_a_redis_that_is_not_there() -> None:
    states = _states("redis://127.0.0.1:1/0")
    states.put("risk:f:a", 1, b"last")
    _until(lambda: states.behind_ms > 0)
    began = time.monotonic()
    states.close()
    assert time.monotonic() - began < 6
