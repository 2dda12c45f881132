"""The cold path: an event leaves when its results are there or its time is over, and none is forgotten."""

import time
from typing import Any

import pytest

from core.flat_event import EnrichmentResult, FlatEvent
from core.lookups.result_cache import ResultCache
from enrichment_job.operators.pending_events import PendingEvent, pack, unpack
from enrichment_job.output.emitter import Emitter
from enrichment_job.output.outcomes import Outcome
from tests.core.samples import raw
from tests.enrichment_job.lookups.lookup_server import LookupServer
from tests.enrichment_job.operators.operator_run import NOW, OperatorRun, purpose_of, running, takers, value_of


def _pending(run: OperatorRun, record: bytes) -> int:
    """Sends the record through the hot path into the cold one; returns its bucket."""
    [(name, row)] = run.first(record)
    assert name == "parked"
    assert len(run.put_into_cold_path(row)) == 1, "an empty bucket gets a timer"
    return int(row[0])


def test_an_event_leaves_with_its_answers_and_its_state_is_gone(
    server: LookupServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.reply = lambda keys: (
        200,
        [{"status": "ok", "value": {"geo_country": "GB"}} if k.kind == "ip" else {"status": "missing"} for k in keys],
    )
    server.holds = lambda _: True  # an answer that comes at once would let the event leave by the hot path
    with running(server, monkeypatch) as run:
        bucket = _pending(run, raw())
        server.holds = lambda _: False
        outputs = run.until_something_leaves(bucket)
        assert [(name, purpose_of(row)) for name, row in outputs] == [
            ("main", purpose) for purpose in takers("listing_view")
        ]
        event = value_of(outputs[0][1])
        assert (event["geo_country"], event["geo_status"], event["user_status"]) == ("GB", "ok", "missing")
        assert run.cold_context.state.contents == {}
        assert run.tick(bucket) == ([], []), "an empty bucket has no timer"


def test_a_pending_event_is_unpacked_once_and_the_cache_asked_once_for_each_key(
    server: LookupServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked: list[bytes] = []
    asked: list[str] = []
    fresh = ResultCache.fresh

    def unpacking(packed: bytes) -> PendingEvent:
        unpacked.append(packed)
        return unpack(packed)

    def looking(cache: ResultCache, key: str, now: float) -> EnrichmentResult | None:
        asked.append(key)
        return fresh(cache, key, now)

    with running(server, monkeypatch) as run:
        monkeypatch.setattr("enrichment_job.operators.cold_path.unpack", unpacking)
        monkeypatch.setattr(ResultCache, "fresh", looking)
        run.put_into_cold_path((3, pack(3, NOW, NOW, raw())))
        run.until_something_leaves(3)
        assert len(unpacked) == 1
        assert sorted(asked) == ["81.2.69.142", "81.2.69.142", "l00000001", "u0000001"], "for geo and for network"


def test_past_the_deadline_an_event_leaves_partial(server: LookupServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.delay_s = 3
    with running(server, monkeypatch, lookup={"deadline_ms": 50, "request_timeout_ms": 1_000}) as run:
        bucket = _pending(run, raw())
        outputs, timers = run.tick(bucket)
        assert (outputs, len(timers)) == ([], 1), "it waits on"
        time.sleep(0.06)
        outputs, timers = run.tick(bucket)
        assert value_of(outputs[0][1])["geo_status"] == "timeout"
        assert timers == []
        assert run.counts() == {"events_parked": 1, "events_partial": 1, "events_enriched": 1}


def test_where_a_purpose_requires_what_did_not_come_the_event_fails(
    server: LookupServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.reply = lambda keys: (200, [{"status": "error"} for _ in keys])
    with running(server, monkeypatch, required={"analytics": frozenset({"geo"})}) as run:
        [(name, row)] = run.until_something_leaves(_pending(run, raw()))
        failure = value_of(row)["failure"]
        assert (name, failure["type"], failure["field"]) == ("failed", "enrichment", "geo_status")
        assert run.counts() == {"events_parked": 1, "events_partial": 1, "events_failed": 1}


def test_after_a_restore_what_waited_asks_again_and_leaves_once(
    server: LookupServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {3: [pack(3, NOW, NOW, raw()), pack(3, NOW, NOW, raw({"event_id": "second-event"}))]}
    with running(server, monkeypatch, state=state) as run:
        outputs = run.until_something_leaves(3)
        analytics = [value_of(row)["event_id"] for _, row in outputs if purpose_of(row) == "analytics"]
        assert analytics == ["0b5e9c1e-5d0f-4d0e-9d8e-000000000001", "second-event"]
        assert state == {}


def test_what_an_older_version_parked_and_this_one_refuses_fails(
    server: LookupServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = raw({"platform": "tv"})
    with running(server, monkeypatch, state={3: [pack(3, NOW, NOW, refused)]}) as run:
        [(name, row)] = run.until_something_leaves(3)
        assert (name, value_of(row)["failure"]["field"]) == ("failed", "platform")


def test_one_who_is_ready_does_not_wait_for_the_bucket(server: LookupServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both share a bucket; the deadline of the first one comes first."""
    server.delay_s = 3
    with running(server, monkeypatch, lookup={"deadline_ms": 80, "request_timeout_ms": 1_000}) as run:
        run.put_into_cold_path((3, pack(3, NOW, NOW, raw())))
        time.sleep(0.05)
        run.put_into_cold_path((3, pack(3, NOW, NOW, raw({"event_id": "second-event"}))))
        outputs = run.until_something_leaves(3)
        assert {value_of(row)["event_id"] for _, row in outputs} == {"0b5e9c1e-5d0f-4d0e-9d8e-000000000001"}
        assert len(run.cold_context.state.contents[3]) == 1
        outputs = run.until_something_leaves(3)
        assert {value_of(row)["event_id"] for _, row in outputs} == {"second-event"}


def test_a_bug_that_one_waiting_event_meets_is_its_failure_alone(
    server: LookupServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    enriched = Emitter.enriched

    def breaking(self: Emitter, event: FlatEvent, *others: Any) -> Outcome:  # noqa: ANN401 - those of enriched
        if event.fields.event_id == "second-event":
            raise KeyError("secret")
        return enriched(self, event, *others)

    monkeypatch.setattr(Emitter, "enriched", breaking)
    ids = ("first-event", "second-event", "third-event")
    with running(
        server, monkeypatch, state={3: [pack(3, NOW, NOW, raw({"event_id": event_id})) for event_id in ids]}
    ) as run:
        outputs = run.until_something_leaves(3)
        assert [(name, value_of(row)["event_id"]) for name, row in outputs] == [
            *(("main", sound) for sound in ("first-event", "third-event") for _ in takers("listing_view")),
            ("failed", "second-event"),
        ]
        assert value_of(outputs[-1][1])["failure"]["type"] == "internal"
