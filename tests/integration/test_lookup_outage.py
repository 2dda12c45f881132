"""The lookup service is killed, restarted and slow: the job continues, and statuses name the cause."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from contracts.purposes.load import REFERENCE
from producers.record import Record
from producers.synthetic.defect_rates import DefectRates
from producers.synthetic.generator import GeneratorSettings, generate
from tests.core.samples import raw
from tests.integration.conftest import Pipeline
from tests.integration.pipeline_run import Outcome

SOUND = DefectRates(malformed=0, oversized=0, wrong_schema=0, duplicate=0, late=0)
PER_SECOND = 400


def _stream(seconds: float, stop: threading.Event) -> Iterator[Record]:
    began = time.monotonic()
    settings = GeneratorSettings(events=int(seconds * PER_SECOND), users=2_000, listings=5_000, defect_rates=SOUND)
    for number, record in enumerate(generate(settings)):
        ahead = began + number / PER_SECOND - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
        if stop.is_set():
            return
        yield Record(record.value, time.time_ns() // 1_000_000)


def _statuses(outcome: Outcome, since_ms: float, until_ms: float) -> Counter[str]:
    return Counter(
        event[name]
        for event in outcome.enriched
        if since_ms <= event["collector_tstamp"] < until_ms
        for name in ("geo_status", "user_status", "listing_status")
    )


def test_killed_for_ten_seconds_then_slow(pipeline: Pipeline) -> None:
    run = pipeline({"lookup": {"cache.ttl.ms": "300", "cache.negative.ttl.ms": "300", "cache.stale.ms": "4000"}})
    stop = threading.Event()
    sender = threading.Thread(target=run.send, args=(_stream(60, stop),))
    sender.start()
    marks: dict[str, float] = {}

    def mark(name: str) -> None:
        marks[name] = time.time() * 1000

    time.sleep(5)
    mark("killed")
    run.stack.lookup.kill()
    time.sleep(10)
    run.stack.lookup.start()
    mark("back")
    time.sleep(5)
    mark("slow")
    run.proxy.delay_s = 2
    time.sleep(6)
    run.proxy.delay_s = 0
    mark("quick")
    time.sleep(6)
    mark("end")
    stop.set()
    sender.join()
    outcome = run.outcome()

    assert outcome.balance.balanced, outcome.balance
    assert run.restarts == 0
    down = _statuses(outcome, marks["killed"] + 500, marks["back"])
    assert down["stale"] > 0, down  # known a moment ago
    assert down["error"] > 0, down  # never known
    slow = _statuses(outcome, marks["slow"] + 500, marks["quick"] - 500)
    assert slow["timeout"] > 0, slow
    for phase in (("back", "slow"), ("quick", "end")):
        recovered = _statuses(outcome, marks[phase[0]] + 3_000, marks[phase[1]])
        assert recovered["ok"] > 0.9 * (recovered.total() - recovered["missing"]), (phase, recovered)


def test_an_event_without_a_required_enrichment_fails(pipeline: Pipeline, tmp_path: Path) -> None:
    policy = tmp_path / "purposes.yaml"
    policy.write_text(REFERENCE.read_text().replace("required: []", "required: [geo]", 1))
    run = pipeline(
        {"job": {"purposes.path": str(policy)}, "lookup": {"deadline.ms": "200", "request.timeout.ms": "200"}}
    )
    run.proxy.delay_s = 5
    run.send_values(
        raw({"event_id": "needs-geo-1", "actor": {"user_ipaddress": "1.1.1.1"}, "attributes": {}}),
        raw({"event_id": "needs-none-1", "actor": {"user_id": "u0000002"}, "attributes": {}}),
    )
    outcome = run.outcome()
    assert outcome.balance.balanced, outcome.balance
    (row,) = outcome.failed
    assert row["event_id"] == "needs-geo-1"
    assert (row["failure"]["type"], row["failure"]["field"]) == ("enrichment", "geo_status")
    assert row["failure"]["message"] == "required by analytics, and it is timeout"
    for others in (outcome.personalization, outcome.behaviour):
        assert {event["event_id"] for event in others} == {"needs-none-1"}, "it fails as a whole"
    (event,) = outcome.enriched
    assert (event["event_id"], event["user_status"], event["geo_status"]) == ("needs-none-1", "timeout", "missing")
