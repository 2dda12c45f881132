"""Whatever becomes of a key, a request or the client: every lookup ends, and the others have their answers."""

import asyncio
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from contracts.lookup_api.lookups import LookupKey, LookupResult
from contracts.purposes.model import ALWAYS_KEPT, EVERYTHING, Purpose
from core.fragments import FragmentBuilder
from core.lookups.lookup_results import LookupResults
from core.lookups.protocols import Failed
from enrichment_job.config import LookupConfig
from enrichment_job.lookups.engine import LookupEngine
from tests.enrichment_job.lookups.lookup_server import LookupServer
from tests.enrichment_job.lookups.test_engine import PATIENT, _answered, _ask, _until

COARSE = Purpose("coarse", "t", (*((name, "keep") for name in ALWAYS_KEPT), ("user_registered_tstamp", "truncate")))
RECEIVER = LookupResults(FragmentBuilder((EVERYTHING, COARSE)))
Reply = Callable[[Sequence[LookupKey]], object]


def _started(engines: list[LookupEngine], url: str, **changes: int) -> LookupEngine:
    engines.append(LookupEngine(LookupConfig(url=url, **{"linger_ms": 20, **PATIENT, **changes}), RECEIVER))  # type: ignore[arg-type]
    return engines[-1]


def _ok(segment: str = "a") -> dict[str, object]:
    return {"status": "ok", "value": {"user_segment": segment}}


@pytest.mark.parametrize(
    "value",
    [
        {"user_registered_tstamp": 10**15},
        {"user_registered_tstamp": -1},
        {"user_registered_tstamp": 10**40},
        {"user_registered_tstamp": 1.5},
        {"user_registered_tstamp": float("nan")},
        {"user_segment": 5},
        {"user_segment": "x" * 100_000},
        {"user_type": "admin"},
        [],
        "text",
    ],
    ids=str,
)
def test_a_bad_value_is_its_keys_error_and_the_others_are_answered(
    server: LookupServer, engines: list[LookupEngine], value: object
) -> None:
    server.reply = lambda keys: (200, [{"status": "ok", "value": value} if key.key == "b" else _ok() for key in keys])
    server.encode = _python_json
    engine = _started(engines, server.url)
    assert _answered(*_ask(engine, "a", "b", "c")) == ["ok", "error", "ok"]
    assert engine.breaker.state(time.monotonic()) == "closed"
    server.reply = lambda keys: (200, [_ok() for _ in keys])
    assert _answered(*_ask(engine, "b")) == ["ok"], "repaired"


def _python_json(results: object) -> bytes:
    return json.dumps(results).encode()


def test_broken_keys_are_counted_and_named_without_their_value(
    server: LookupServer, engines: list[LookupEngine], caplog: pytest.LogCaptureFixture
) -> None:
    server.reply = lambda keys: (200, [{"status": "ok", "value": {"user_segment": ["secret"]}} for _ in keys])
    engine = _started(engines, server.url)
    with caplog.at_level(logging.DEBUG):
        _answered(*_ask(engine, "u-secret", "u-secret-2"))
    assert engine.counts.keys_broken == 2
    ours = [record for record in caplog.records if record.name == "enrichment_job.lookups"]
    assert len(ours) == 1, "once a minute"
    assert "secret" not in caplog.text


@pytest.mark.parametrize("status", [400, 413, 422, 404])
def test_a_key_for_which_the_whole_request_is_refused_is_found(
    server: LookupServer, engines: list[LookupEngine], status: int
) -> None:
    server.reply = lambda keys: (status, []) if any(key.key == "bad" for key in keys) else (200, [_ok() for _ in keys])
    engine = _started(engines, server.url, breaker_failures=1)
    names = [f"k{n}" for n in range(40)]
    names[17] = "bad"
    found = dict(zip(names, _answered(*_ask(engine, *names)), strict=True))
    assert found.pop("bad") == "error"
    assert set(found.values()) == {"ok"}
    assert engine.breaker.state(time.monotonic()) == "closed"


def test_a_key_that_cannot_be_written_is_its_own_error(server: LookupServer, engines: list[LookupEngine]) -> None:
    engine = _started(engines, server.url, breaker_failures=1)
    assert _answered(*_ask(engine, "a", "\ud83d", "c")) == ["ok", "error", "ok"]


def test_a_service_that_refuses_everything_is_not_asked_in_parts_for_ever(
    server: LookupServer, engines: list[LookupEngine]
) -> None:
    server.reply = lambda _: (401, [])
    engine = _started(engines, server.url, breaker_failures=1)
    for n in range(5):
        assert set(_answered(*_ask(engine, *(f"{n}-{m}" for m in range(50))))) == {"error"}
    assert len(server.batches) < 60
    assert engine.breaker.state(time.monotonic()) == "closed", "it is there"


@pytest.mark.parametrize(("status", "after"), [(429, "open"), (500, "open"), (503, "open"), (599, "open")])
def test_what_a_service_says_of_itself_counts_against_it(
    server: LookupServer, engines: list[LookupEngine], status: int, after: str
) -> None:
    server.reply = lambda _: (status, [])
    engine = _started(engines, server.url, breaker_failures=1, attempts=1)
    assert _answered(*_ask(engine, "a")) == ["error"]
    assert engine.breaker.state(time.monotonic()) == after


def test_time_outs_open_the_breaker(server: LookupServer, engines: list[LookupEngine]) -> None:
    server.holds = lambda _: True
    engine = _started(engines, server.url, breaker_failures=2, request_timeout_ms=50, breaker_open_ms=10_000)
    for key in ("a", "b"):
        assert _answered(*_ask(engine, key)) == ["timeout"]
    assert engine.breaker.state(time.monotonic()) == "open"


class _Client:
    """A client as a test wants it."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def lookup(self, keys: Sequence[LookupKey], budget_s: float) -> list[LookupResult] | Failed:
        got = self._reply(keys)
        if got == "hang":
            await asyncio.sleep(60)
        return got  # type: ignore[return-value]


def _with_client(engines: list[LookupEngine], reply: Reply, **changes: int) -> LookupEngine:
    @asynccontextmanager
    async def opened() -> AsyncIterator[_Client]:
        yield _Client(reply)

    config = LookupConfig(url="http://unused", **{"linger_ms": 20, **PATIENT, **changes})  # type: ignore[arg-type]
    engines.append(LookupEngine(config, RECEIVER, opened))
    return engines[-1]


OK = LookupResult(status="missing")


def _raises(error: BaseException) -> Reply:
    def reply(keys: Sequence[LookupKey]) -> object:
        if any(key.key == "b" for key in keys):
            raise error
        return [OK for _ in keys]

    return reply


@pytest.mark.parametrize(
    "reply",
    [
        _raises(ValueError("secret")),
        _raises(RecursionError()),
        _raises(MemoryError()),
        lambda keys: [OK] * (7 if any(key.key == "b" for key in keys) else len(keys)),
        lambda keys: [5 if key.key == "b" else OK for key in keys],
        lambda keys: None if any(key.key == "b" for key in keys) else [OK for _ in keys],
    ],
    ids=["raises", "recursion", "memory", "wrong number", "wrong type", "nothing"],
)
def test_a_client_that_fails_at_one_key_fails_at_that_key(engines: list[LookupEngine], reply: Reply) -> None:
    engine = _with_client(engines, reply)
    assert _answered(*_ask(engine, "a", "b", "c")) == ["missing", "error", "missing"]
    assert _answered(*_ask(engine, "d")) == ["missing"], "the dispatcher lives"


@pytest.mark.parametrize("error", [OSError("no connection"), ValueError("bug"), asyncio.CancelledError()])
def test_a_client_that_fails_always_ends_all_and_opens_the_breaker(
    engines: list[LookupEngine], error: BaseException
) -> None:
    def reply(_: Sequence[LookupKey]) -> object:
        raise error

    engine = _with_client(engines, reply, breaker_failures=2, breaker_open_ms=10_000)
    for n in range(2):
        assert set(_answered(*_ask(engine, f"a{n}", f"b{n}"))) == {"error"}
    assert engine.breaker.state(time.monotonic()) == "open"


def test_a_client_that_does_not_keep_to_its_time_is_given_up(engines: list[LookupEngine]) -> None:
    engine = _with_client(engines, lambda _: "hang", request_timeout_ms=50)
    assert _answered(*_ask(engine, "a", "b")) == ["timeout", "timeout"]


def test_a_probe_that_is_lost_does_not_keep_the_breaker_open(engines: list[LookupEngine]) -> None:
    replies: list[object] = ["error", asyncio.CancelledError(), None]

    def reply(keys: Sequence[LookupKey]) -> object:
        got = replies.pop(0) if replies else None
        if isinstance(got, BaseException):
            raise got
        return got or [OK for _ in keys]

    engine = _with_client(engines, reply, breaker_failures=1, breaker_open_ms=30)
    assert _answered(*_ask(engine, "a")) == ["error"]
    _until(lambda: engine.breaker.state(time.monotonic()) != "open")
    assert _answered(*_ask(engine, "b")) == ["error"]
    assert replies == [None], "it was asked"
    _until(lambda: engine.breaker.state(time.monotonic()) != "open")
    assert _answered(*_ask(engine, "c")) == ["missing"]


def test_closing_ends_what_is_under_way(engines: list[LookupEngine]) -> None:
    engine = _with_client(engines, lambda _: "hang")
    pending = _ask(engine, "a")[0]
    _until(lambda: engine.counts.keys_asked == 1)
    engine.close()
    assert _answered(pending) == ["error"]


def test_many_threads_ask_and_all_are_answered(server: LookupServer, engines: list[LookupEngine]) -> None:
    engine = _started(engines, server.url, linger_ms=0)
    unanswered: list[str] = []

    def ask(thread: int) -> None:
        for n in range(150):
            pending = engine.ask("user", f"{thread}-{n}", time.monotonic())
            until = time.monotonic() + 30
            while pending.result is None and time.monotonic() < until:
                time.sleep(0.0002)
            if pending.result is None or pending.result.status != "ok":
                unanswered.append(pending.key.key)

    threads = [threading.Thread(target=ask, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert unanswered == []
