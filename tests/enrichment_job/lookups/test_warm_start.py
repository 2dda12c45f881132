"""The cache before the first event: what fills it, what does not, and that no service can hold up a start."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from common.secret import Secret
from contracts.lookup_api.lookups import API_KEY_HEADER, DEADLINE_HEADER, MAX_VALUE_BYTES, NO_SOURCE, Kind
from contracts.lookup_api.recent import LIMIT, MEDIA_TYPE
from enrichment_job.config import LookupConfig
from enrichment_job.lookups.engine import LookupEngine
from enrichment_job.lookups.warm_start import WarmStart
from local_stack.processes.ports import free_port
from tests.enrichment_job.lookups.recent_server import RecentServer, line
from tests.enrichment_job.lookups.test_engine import RECEIVER

BUDGET_MS = 300
MUCH_TOO_LONG_S = 2.0
"""Far more than the budget, and far less than a service's own time limits."""
Warm = Callable[..., tuple[LookupEngine, WarmStart]]


@pytest.fixture
def recent() -> Iterator[RecentServer]:
    with RecentServer() as running:
        yield running


@pytest.fixture
def warm(recent: RecentServer, engines: list[LookupEngine]) -> Warm:
    def warmed(**changes: int | str | Secret) -> tuple[LookupEngine, WarmStart]:
        settings: dict[str, Any] = {"url": recent.url, "warm_start_ms": 60_000, **changes}
        engine = LookupEngine(LookupConfig(**settings), RECEIVER)
        engines.append(engine)
        return engine, engine.warm_up()

    return warmed


def _fresh(engine: LookupEngine, kind: Kind = "user", key: str = "u1", *, after_s: float = 0) -> str | None:
    found = engine.cache[kind].fresh(key, time.monotonic() + after_s)
    return None if found is None else found.status


def test_what_was_asked_for_lately_is_a_hit(recent: RecentServer, warm: Warm) -> None:
    recent.blocks = [
        line("u1") + line("l1", "listing", status="missing"),
        line("10.0.0.1", "ip", status="error", source=NO_SOURCE) + line("10.0.0.1", "network", status="invalid"),
    ]
    engine, found = warm()
    assert (found.end, found.kept, found.ignored) == ("complete", 4, 0)
    assert _fresh(engine) == "ok"
    assert _fresh(engine, "listing", "l1") == "missing"
    assert _fresh(engine, "ip", "10.0.0.1") == "error"
    assert _fresh(engine, "network", "10.0.0.1") == "invalid"
    pending = engine.ask("user", "u1", time.monotonic())
    assert pending.result is not None
    assert b"new" in pending.result.value
    assert engine.counts.requests == 0


def test_what_the_service_is_told(recent: RecentServer, warm: Warm) -> None:
    warm(warm_start_keys=17, api_key=Secret("k" * 20))
    assert recent.query == {LIMIT: "17"}
    assert recent.headers[API_KEY_HEADER] == "k" * 20
    assert 0 < int(recent.headers[DEADLINE_HEADER]) <= 60_000


def test_a_result_lives_half_of_its_time_at_least_and_all_of_it_at_most(recent: RecentServer, warm: Warm) -> None:
    keys = [f"u{number}" for number in range(200)]
    recent.blocks = [b"".join(line(key) for key in keys) + line("l1", "listing", status="missing")]
    engine, _ = warm(cache_ttl_ms=100_000, cache_negative_ttl_ms=10_000, cache_stale_ms=0)

    def alive(after_s: float) -> int:
        return sum(_fresh(engine, "user", key, after_s=after_s) == "ok" for key in keys)

    assert (alive(45), alive(101)) == (200, 0)
    assert 40 < alive(75) < 160, "they do not expire together"
    assert _fresh(engine, "listing", "l1", after_s=4.5) == "missing"
    assert _fresh(engine, "listing", "l1", after_s=10.1) is None


def test_stale_results_and_failures_are_left_to_the_events(recent: RecentServer, warm: Warm) -> None:
    recent.answers = [
        [line("u1", status="stale", value={}) + line("u2", status="timeout") + line("u3", status="error") + line("u4")]
    ]
    engine, found = warm()
    assert (found.kept, found.ignored, engine.counts.keys_broken) == (1, 3, 0)
    assert [_fresh(engine, "user", f"u{number}") for number in (1, 2, 3, 4)] == [None, None, None, "ok"]


@pytest.mark.parametrize(
    "broken",
    [
        line("u1", "car"),
        line("u1", "useragent"),
        line("u1", status="ok"),
        line("u1", status="ok", value={"user_verified": "perhaps"}),
        line("u1", status="ok", value={"user_segment": "s" * MAX_VALUE_BYTES}),
        line("u1", status="grand"),
        b'{"kind":"user","key":"u1","result":{"status":"ok","value":{"user_registered_tstamp":NaN}}}\n',
        b'{"kind":"user","key":"\xff","result":{"status":"ok","value":{}}}\n',
        b"[" * 2_000 + b"\n",
        b"<html>\n",
        b"\n",
    ],
)
def test_a_broken_line_costs_no_other_line_its_place(recent: RecentServer, warm: Warm, broken: bytes) -> None:
    recent.blocks = [line("before") + broken + line("after")]
    engine, found = warm()
    assert (found.end, found.kept) == ("complete", 2)
    assert _fresh(engine, "user", "u1") is None
    assert _fresh(engine, "user", "before") == _fresh(engine, "user", "after") == "ok"


def test_lines_may_come_in_any_pieces(recent: RecentServer, warm: Warm) -> None:
    text = line("u1") + line("\u00e9") + line("u3")
    recent.blocks = [text[start : start + 7] for start in range(0, len(text), 7)]
    recent.delay_s = 0.002
    engine, found = warm()
    assert (found.kept, found.ignored) == (3, 0)
    assert _fresh(engine, "user", "\u00e9") == "ok"


def test_every_process_of_the_service_may_add_its_keys(recent: RecentServer, warm: Warm) -> None:
    recent.answers = [[line("u1")], [], [line("u1") + line("u2")], [line("u2") + line("u3")], [line("u4")]]
    engine, found = warm()
    assert (found.end, found.kept, found.known) == ("complete", 3, 2)
    assert [_fresh(engine, "user", f"u{number}") for number in (1, 2, 3, 4)] == ["ok", "ok", "ok", None]
    assert recent.requests == 4, "most answers"


def test_a_process_that_answers_again_is_not_heard_to_the_end(recent: RecentServer, warm: Warm) -> None:
    recent.blocks = [line(f"u{number}") for number in range(20)]
    recent.delay_s = 0.005  # each block arrives by itself
    _, found = warm()
    assert (found.end, found.kept, recent.requests) == ("complete", 20, 2)
    assert found.known < 20


def test_no_more_than_the_limit_is_kept(recent: RecentServer, warm: Warm) -> None:
    recent.blocks = [b"".join(line(f"u{number}") for number in range(50))] * 2
    engine, found = warm(warm_start_keys=20)
    assert (found.end, found.kept, len(engine.cache["user"])) == ("complete", 20, 20)


def test_the_bound_of_the_cache_holds(recent: RecentServer, warm: Warm) -> None:
    recent.blocks = [b"".join(line(f"u{number}") for number in range(500))]
    engine, _ = warm(cache_entries=100)
    assert 0 < len(engine.cache["user"]) <= 100


@pytest.mark.parametrize("head", [(404, MEDIA_TYPE), (401, MEDIA_TYPE), (500, MEDIA_TYPE), (302, MEDIA_TYPE)])
def test_a_service_that_does_not_answer_it_leaves_the_cache_empty(
    recent: RecentServer, warm: Warm, head: tuple[int, str]
) -> None:
    recent.head, recent.more_headers, recent.blocks = head, {"location": "/"}, [line("u1")]
    engine, found = warm()
    assert (found.end, found.kept) == ("refused", 0)
    assert _fresh(engine) is None


def test_another_media_type_is_not_read(recent: RecentServer, warm: Warm) -> None:
    recent.head, recent.blocks = (200, "text/html"), [line("u1")]
    assert warm()[1].end == "no lines"


def test_a_line_without_an_end_is_given_up(recent: RecentServer, warm: Warm) -> None:
    recent.blocks = [line("u1"), *[b"x" * 10_000] * 10]
    engine, found = warm()
    assert found.end == "no lines"
    assert _fresh(engine) == "ok"


def test_a_connection_that_breaks_leaves_what_has_come(recent: RecentServer, warm: Warm) -> None:
    recent.blocks, recent.breaks_off, recent.delay_s = [line("u1"), line("u2")[:20]], True, 0.05
    engine, found = warm()
    assert (found.end, found.kept) == ("failed", 1)
    assert _fresh(engine) == "ok"


def test_no_service(warm: Warm) -> None:
    _, found = warm(url=f"http://127.0.0.1:{free_port()}")
    assert found.end == "failed"


def test_switched_off_nothing_is_asked(recent: RecentServer, warm: Warm) -> None:
    recent.blocks = [line("u1")]
    engine, found = warm(warm_start_ms=0)
    assert (found.end, found.took_ms, recent.headers) == ("off", 0, {})
    assert _fresh(engine) is None


@pytest.mark.slow
@pytest.mark.parametrize("blocks", [[], [line("u1"), line("u2")]])
def test_a_service_that_hangs_delays_the_start_by_the_budget_at_most(
    recent: RecentServer, warm: Warm, blocks: list[bytes]
) -> None:
    recent.delay_s, recent.blocks = MUCH_TOO_LONG_S, blocks
    began = time.monotonic()
    _, found = warm(warm_start_ms=BUDGET_MS)
    assert BUDGET_MS / 1000 * 0.9 < time.monotonic() - began < MUCH_TOO_LONG_S
    assert found.end == "out of time"


@pytest.mark.slow
def test_a_slow_answer_is_used_as_far_as_it_came(recent: RecentServer, warm: Warm) -> None:
    recent.delay_s, recent.blocks = BUDGET_MS / 1000 / 3.5, [line(f"u{number}") for number in range(100)]
    engine, found = warm(warm_start_ms=BUDGET_MS)
    assert found.end == "out of time"
    assert 0 < found.kept < 10
    assert _fresh(engine, "user", "u0") == "ok"


@pytest.mark.slow
def test_a_loop_that_is_stuck_does_not_hold_up_the_start(warm: Warm, engines: list[LookupEngine]) -> None:
    engine, _ = warm(warm_start_ms=BUDGET_MS)
    engine._loop.call_soon_threadsafe(time.sleep, MUCH_TOO_LONG_S)
    began = time.monotonic()
    assert engine.warm_up().end == "out of time"
    assert time.monotonic() - began < MUCH_TOO_LONG_S
    # The loop goes on, and closes its connection before the server ends.
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0.1), engine._loop).result(2 * MUCH_TOO_LONG_S)


def test_the_line_of_the_log_shows_no_key(recent: RecentServer, warm: Warm) -> None:
    recent.answers = [[line("81.2.69.142", "ip", status="missing") + line("u-secret", status="grand")]]
    _, found = warm()
    assert str(found).startswith("warm start: complete, 1 results, 1 ignored, ")
    assert "81.2" not in str(found)
    assert "secret" not in str(found)
