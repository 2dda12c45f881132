import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from contracts.purposes.model import EVERYTHING
from core.fragments import FragmentBuilder
from core.lookups.lookup_results import LookupResults
from core.lookups.pending_lookup import PendingLookup
from enrichment_job.config import LookupConfig
from enrichment_job.lookups.engine import LookupEngine
from tests.enrichment_job.lookups.lookup_server import LookupServer

RECEIVER = LookupResults(FragmentBuilder((EVERYTHING,)))
PATIENT = {"deadline_ms": 60_000, "request_timeout_ms": 60_000}
"""Where nothing is to depend on how quick the machine is."""
Start = Callable[..., LookupEngine]


@pytest.fixture
def start(server: LookupServer) -> Iterator[Start]:
    engines: list[LookupEngine] = []

    def started(**changes: int | str) -> LookupEngine:
        settings: dict[str, Any] = {"url": server.url, "linger_ms": 20, **PATIENT, **changes}
        engines.append(LookupEngine(LookupConfig(**settings), RECEIVER))
        return engines[-1]

    yield started
    for engine in engines:
        engine.close()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def _answered(*lookups: PendingLookup) -> list[str]:
    _until(lambda: all(pending.result is not None for pending in lookups))
    return [pending.result.status for pending in lookups if pending.result is not None]


def _ask(engine: LookupEngine, *keys: str) -> list[PendingLookup]:
    return [engine.ask("user", key, time.monotonic()) for key in keys]


def test_keys_gather_into_one_request_and_stay_in_order(server: LookupServer, start: Start) -> None:
    server.reply = lambda keys: (
        200,
        [
            {"status": "missing"} if key.key == "b" else {"status": "ok", "value": {"user_segment": key.key}}
            for key in keys
        ],
    )
    server.holds = lambda keys: keys == ["first"]
    engine = start(connections=1)
    _ask(engine, "first")
    _until(lambda: bool(server.batches))
    lookups = _ask(engine, "a", "b", "c")
    server.holds = lambda _: False
    assert _answered(*lookups) == ["ok", "missing", "ok"]
    assert server.batches == [["first"], ["a", "b", "c"]]
    assert lookups[2].result is not None
    assert lookups[2].result.fragments == (b',"user_segment":"c","user_status":"ok"',)


def test_a_key_that_is_under_way_is_not_asked_twice(server: LookupServer, start: Start) -> None:
    server.holds = lambda _: True
    engine = start()
    first = _ask(engine, "a")[0]
    _until(lambda: bool(server.batches))
    assert _ask(engine, "a")[0] is first
    server.holds = lambda _: False
    _answered(first)
    assert _answered(*_ask(engine, "a")) == ["ok"]
    assert server.batches == [["a"]]


def test_many_keys_go_out_on_several_connections(server: LookupServer, start: Start) -> None:
    server.holds = lambda _: len(server.batches) < 4  # until all four are there
    engine = start(batch_keys=10, connections=4)
    assert set(_answered(*_ask(engine, *(f"k{n}" for n in range(40))))) == {"ok"}
    assert max(map(len, server.batches)) == 10
    assert sum(map(len, server.batches)) == 40


def test_a_missing_record_is_remembered_too(server: LookupServer, start: Start) -> None:
    server.reply = lambda keys: (200, [{"status": "missing"} for _ in keys])
    engine = start()
    _answered(*_ask(engine, "a"))
    assert _ask(engine, "a")[0].result is not None
    assert len(server.batches) == 1


def test_a_busy_service_is_asked_again(server: LookupServer, start: Start) -> None:
    server.reply = lambda keys: (
        (503, []) if len(server.batches) < 3 else (200, [{"status": "ok", "value": {}} for _ in keys])
    )
    assert _answered(*_ask(start(attempts=3), "a")) == ["ok"]
    assert len(server.batches) == 3


@pytest.mark.parametrize(
    ("status", "results"),
    [(200, []), (200, [{"status": "fine"}]), (404, []), (500, [])],
    ids=["too few", "unknown status", "not found", "broken"],
)
def test_an_answer_that_cannot_be_used_is_an_error(
    server: LookupServer, start: Start, status: int, results: list[dict[str, object]]
) -> None:
    server.reply = lambda _: (status, results)
    assert _answered(*_ask(start(), "a")) == ["error"]


def test_no_answer_in_time_is_a_timeout(server: LookupServer, start: Start) -> None:
    server.delay_s = 1
    assert _answered(*_ask(start(request_timeout_ms=100), "a")) == ["timeout"]


def test_an_old_answer_serves_as_stale_while_the_service_fails(server: LookupServer, start: Start) -> None:
    server.reply = lambda keys: (200, [{"status": "ok", "value": {"user_segment": "old"}} for _ in keys])
    engine = start(cache_ttl_ms=50, cache_stale_ms=60_000)
    _answered(*_ask(engine, "a"))
    time.sleep(0.06)
    server.reply = lambda _: (500, [])
    pending = _ask(engine, "a")[0]
    assert _answered(pending) == ["stale"]
    assert pending.result is not None
    assert pending.result.fragments == (b',"user_segment":"old","user_status":"stale"',)


def test_failures_are_not_remembered(server: LookupServer, start: Start) -> None:
    server.reply = lambda _: (500, [])
    engine = start(attempts=1)
    assert _answered(*_ask(engine, "a")) == ["error"]
    server.reply = lambda keys: (200, [{"status": "ok", "value": {}} for _ in keys])
    assert _answered(*_ask(engine, "a")) == ["ok"]


@pytest.mark.slow
def test_an_open_breaker_answers_at_once_and_closes_by_itself(server: LookupServer, start: Start) -> None:
    server.reply = lambda _: (500, [])
    engine = start(attempts=1, breaker_failures=2, breaker_open_ms=2_000, linger_ms=1)
    for key in ("a", "b"):
        assert _answered(*_ask(engine, key)) == ["error"]
    asked = len(server.batches)
    at_once = _ask(engine, "c")[0]
    assert at_once.result is not None
    assert at_once.result.status == "error"
    assert len(server.batches) == asked
    server.reply = lambda keys: (200, [{"status": "ok", "value": {}} for _ in keys])
    _until(lambda: engine.breaker.state(time.monotonic()) != "open")
    assert _answered(*_ask(engine, "d")) == ["ok"]
    assert _answered(*_ask(engine, "e")) == ["ok"]


def test_a_dead_service_is_an_error_and_its_return_is_noticed(start: Start) -> None:
    with LookupServer() as lived:
        url, port = lived.url, lived.port
    engine = start(url=url, attempts=2, breaker_open_ms=50, breaker_failures=1)
    assert _answered(*_ask(engine, "a")) == ["error"]
    again = LookupServer()
    again.port = port
    with again:
        _until(lambda: engine.breaker.state(time.monotonic()) != "open")
        assert _answered(*_ask(engine, "a")) == ["ok"]


def test_a_kind_without_a_source_is_not_asked_for_again_and_again(server: LookupServer, start: Start) -> None:
    server.reply = lambda keys: (200, [{"status": "error", "source": "none"} for _ in keys])
    engine = start()
    assert _answered(*_ask(engine, "a")) == ["error"]
    assert _answered(*_ask(engine, "a")) == ["error"]
    assert len(server.batches) == 1
