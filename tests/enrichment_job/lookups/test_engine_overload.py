"""Too much is asked: what waits is bounded, what nobody waits for is not sent, and requests know how long they have."""

import time

import pytest

from enrichment_job.config import LookupConfig
from enrichment_job.lookups.concurrency_window import FEWEST
from enrichment_job.lookups.engine import LookupEngine
from tests.enrichment_job.lookups.lookup_server import LookupServer
from tests.enrichment_job.lookups.test_engine import PATIENT, RECEIVER, _answered, _ask, _until

pytestmark = pytest.mark.slow


def _started(engines: list[LookupEngine], url: str, **changes: int) -> LookupEngine:
    engines.append(LookupEngine(LookupConfig(url=url, **changes), RECEIVER))  # type: ignore[arg-type]
    return engines[-1]


def test_keys_whose_events_have_left_are_not_sent(server: LookupServer, engines: list[LookupEngine]) -> None:
    server.holds = lambda _: True
    engine = _started(engines, server.url, connections=1, deadline_ms=1_000, request_timeout_ms=60_000)
    first = _ask(engine, "a")
    _until(lambda: bool(server.batches))
    left = _ask(engine, *(f"left{n}" for n in range(50)))
    assert _answered(*first, *left) == ["timeout"] * 51
    server.holds = lambda _: False
    _until(lambda: _answered(*_ask(engine, "b")) == ["ok"])
    asked = {key for batch in server.batches for key in batch}
    assert {"a", "b"} <= asked
    assert len(asked) <= 2 + FEWEST, "the first one's time is over a little before theirs"
    assert engine.counts.keys_dropped >= 50 - FEWEST


def test_who_asks_again_meanwhile_is_waited_for(server: LookupServer, engines: list[LookupEngine]) -> None:
    server.holds = lambda _: len(server.batches) < 2  # the first request has no answer
    engine = _started(engines, server.url, deadline_ms=1_600, request_timeout_ms=60_000, linger_ms=1)
    first = _ask(engine, "a")[0]
    time.sleep(0.8)
    assert _ask(engine, "a")[0] is first
    assert _answered(first) == ["ok"], "the second one's time was not over when the request's was"


def test_a_full_queue_answers_at_once_with_what_is_known(server: LookupServer, engines: list[LookupEngine]) -> None:
    engine = _started(engines, server.url, queue_keys=10, connections=1, cache_ttl_ms=20, linger_ms=1, **PATIENT)
    assert _answered(*_ask(engine, "known")) == ["ok"]
    server.holds = lambda _: True
    _ask(engine, "first")
    _until(lambda: len(server.batches) == 2)
    time.sleep(0.03)  # what is known is old by then
    _ask(engine, *(f"k{n}" for n in range(10)))
    known, unknown = _ask(engine, "known", "unknown")
    assert (known.result and known.result.status, unknown.result and unknown.result.status) == ("stale", "timeout")
    assert engine.counts.keys_dropped == 2


def test_a_request_says_how_long_its_events_still_wait(server: LookupServer, engines: list[LookupEngine]) -> None:
    engine = _started(engines, server.url, deadline_ms=60_000, request_timeout_ms=60_000, linger_ms=1)
    pending = engine.ask("user", "a", time.monotonic() - 30)
    assert _answered(pending) == ["ok"]
    assert 1 <= int(server.deadlines[0]) <= 30_000


def test_retries_stay_within_the_deadline(server: LookupServer, engines: list[LookupEngine]) -> None:
    server.reply = lambda _: (503, [])
    server.delay_s = 0.08
    engine = _started(
        engines, server.url, attempts=1_000, deadline_ms=1_500, request_timeout_ms=60_000, breaker_failures=1_000
    )
    began = time.monotonic()
    assert _answered(*_ask(engine, "a")) in (["timeout"], ["error"])
    assert time.monotonic() - began < 10, "a thousand attempts would take 80 s"
    deadlines = [int(each) for each in server.deadlines]
    assert len(deadlines) > 1
    assert deadlines == sorted(deadlines, reverse=True)


def test_an_event_that_leaves_takes_an_old_answer_with_it(server: LookupServer, engines: list[LookupEngine]) -> None:
    engine = _started(engines, server.url, cache_ttl_ms=20, linger_ms=1)
    _answered(*_ask(engine, "a"))
    time.sleep(0.03)
    server.delay_s = 1
    pending = _ask(engine, "a")[0]
    assert pending.result is None
    assert engine.on_timeout(pending, time.monotonic()).status == "stale"
