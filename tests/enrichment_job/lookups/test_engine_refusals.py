"""Keys for which whole requests are refused: however many they are, the others have their answers."""

import time

import pytest

from contracts.lookup_api.lookups import LookupKey
from enrichment_job.config import LookupConfig
from enrichment_job.lookups.engine import LookupEngine
from tests.enrichment_job.lookups.lookup_server import LookupServer, all_ok
from tests.enrichment_job.lookups.test_engine import PATIENT, RECEIVER, _answered, _ask, _until


@pytest.fixture(autouse=True)
def _refusing(server: LookupServer) -> None:
    server.reply = _refuse_bad


def _started(engines: list[LookupEngine], url: str, **changes: int) -> LookupEngine:
    engines.append(LookupEngine(LookupConfig(url=url, **{"linger_ms": 20, **PATIENT, **changes}), RECEIVER))  # type: ignore[arg-type]
    return engines[-1]


def _refuse_bad(keys: list[LookupKey]) -> tuple[int, list[dict[str, object]]]:
    return (400, []) if any(key.key.startswith("bad") for key in keys) else all_ok(keys)


def _names(count: int, every: int) -> list[str]:
    return [f"bad{n}" if n % every == 0 else f"k{n}" for n in range(count)]


def _expected(names: list[str]) -> dict[str, str]:
    return {name: "error" if name.startswith("bad") else "ok" for name in names}


@pytest.mark.parametrize("every", [2, 5, 20])
def test_many_bad_keys_cost_no_good_one_its_answer(
    server: LookupServer, engines: list[LookupEngine], every: int
) -> None:
    names = _names(300, every)
    engine = _started(engines, server.url, breaker_failures=1)
    assert dict(zip(names, _answered(*_ask(engine, *names)), strict=True)) == _expected(names)
    assert engine.breaker.state(time.monotonic()) == "closed"


def test_bad_keys_that_came_together_do_not_hide_the_good_ones(
    server: LookupServer, engines: list[LookupEngine]
) -> None:
    names = [*(f"bad{n}" for n in range(30)), *(f"k{n}" for n in range(20)), *(f"bad{n}" for n in range(30, 40))]
    engine = _started(engines, server.url)
    assert dict(zip(names, _answered(*_ask(engine, *names)), strict=True)) == _expected(names)


def test_a_batch_of_bad_keys_costs_the_next_one_nothing(server: LookupServer, engines: list[LookupEngine]) -> None:
    engine = _started(engines, server.url)
    assert set(_answered(*_ask(engine, *(f"bad{n}" for n in range(20))))) == {"error"}
    names = _names(40, 20)
    assert dict(zip(names, _answered(*_ask(engine, *names)), strict=True)) == _expected(names)


def test_a_key_that_was_refused_alone_spoils_no_batch_after_that(
    server: LookupServer, engines: list[LookupEngine]
) -> None:
    engine = _started(engines, server.url)
    _answered(*_ask(engine, "bad", "a"))
    before = len(server.batches)
    assert _answered(*_ask(engine, "bad", "b", "c")) == ["error", "ok", "ok"]
    assert server.batches[before:] == [["b", "c"]]


def test_a_refusal_is_forgotten_after_a_while(server: LookupServer, engines: list[LookupEngine]) -> None:
    engine = _started(engines, server.url, cache_negative_ttl_ms=1)
    _answered(*_ask(engine, "bad", "a"))
    server.reply = all_ok
    time.sleep(0.01)
    assert _answered(*_ask(engine, "bad")) == ["ok"]


def test_what_a_refusing_service_says_of_a_key_is_not_remembered(
    server: LookupServer, engines: list[LookupEngine]
) -> None:
    server.reply = lambda _: (401, [])
    engine = _started(engines, server.url)
    assert _answered(*_ask(engine, "a", "b")) == ["error", "error"]
    server.reply = all_ok
    assert _answered(*_ask(engine, "a", "b")) == ["ok", "ok"]


def test_a_refused_key_keeps_its_old_answer(server: LookupServer, engines: list[LookupEngine]) -> None:
    server.reply = lambda keys: (200, [{"status": "ok", "value": {"user_segment": "old"}} for _ in keys])
    engine = _started(engines, server.url, cache_ttl_ms=1)
    _answered(*_ask(engine, "bad"))
    server.reply = _refuse_bad
    time.sleep(0.01)
    for others in ("a", "b"):
        pending = _ask(engine, "bad", others)[0]
        assert _answered(pending) == ["stale"]
        assert pending.result is not None
        assert pending.result.fragments == (b',"user_segment":"old","user_status":"stale"',)


def test_who_was_answered_does_not_wait_for_the_others(server: LookupServer, engines: list[LookupEngine]) -> None:
    answered: list[int] = []

    def reply(keys: list[LookupKey]) -> tuple[int, list[dict[str, object]]]:
        status, results = _refuse_bad(keys)
        if status == 200:
            answered.append(len(keys))
        return status, results

    server.reply = reply
    server.holds = lambda _: bool(answered)
    lookups = _ask(_started(engines, server.url), *_names(8, 8))
    _until(lambda: any(pending.result is not None and pending.result.status == "ok" for pending in lookups))
    assert sum(pending.result is None for pending in lookups) >= 2
    server.holds = lambda _: False
    assert _answered(*lookups) == ["error", *["ok"] * 7]


@pytest.mark.slow
def test_parts_that_take_the_whole_time_are_no_failure_of_the_service(
    server: LookupServer, engines: list[LookupEngine]
) -> None:
    server.delay_s = 0.15  # to find one bad key among 16 takes nine requests
    engine = _started(engines, server.url, breaker_failures=1, deadline_ms=1_000)
    assert "timeout" in _answered(*_ask(engine, *_names(16, 16)))
    assert engine.breaker.state(time.monotonic()) == "closed"
