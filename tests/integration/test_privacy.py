"""Key rotation, opt-outs and destroyed keys in the running job."""

import json
import time
from base64 import b64encode
from pathlib import Path

import redis

from common.opt_outs.suppression import suppress, withdraw
from contracts import topics
from enrichment_job.consent.subject_erasure import destroy
from local_stack.stack import LocalStack
from producers.record import Record
from tests.core.samples import raw
from tests.integration.conftest import Pipeline
from tests.integration.pipeline_run import PipelineRun

NOON = 1_700_000_000_000
ROTATION = NOON + 500


def _event(event_id: str, user: str, **changes: object) -> bytes:
    actor = {"user_id": user, "domain_userid": f"d-{user}"}
    return raw({"event_id": event_id, "actor": actor, "attributes": {}, **changes})


def _client(run: PipelineRun) -> "redis.Redis":
    return redis.Redis.from_url(run.stack.redis_url, decode_responses=True)


def test_keys_rotate_by_the_events_time(pipeline: Pipeline, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    first, second, envelope = (b64encode(letter * 32).decode() for letter in (b"a", b"b", b"c"))
    keys.write_text(
        json.dumps(
            {
                "pseudonyms": [
                    {"id": "spring", "from_tstamp": 0, "key": first},
                    {"id": "summer", "from_tstamp": ROTATION, "key": second},
                ],
                "envelopes": [{"id": "k1", "key": envelope}],
            }
        )
    )
    run = pipeline({"privacy": {"keys.source": f"file:{keys}"}})
    run.send(
        Record(_event(f"rotation-{number}", f"u{number % 2}"), NOON + number * 100) for number in (0, 1, 2, 7, 8, 9, 4)
    )
    users = {event["event_id"]: event["user_id"] for event in run.outcome().enriched}
    assert len(users) == 7
    for number in (0, 1, 2, 4):
        assert users[f"rotation-{number}"].startswith("spring."), "chosen by the event's time, not by its arrival"
    for number in (7, 8, 9):
        assert users[f"rotation-{number}"].startswith("summer.")
    assert users["rotation-0"] == users["rotation-2"] == users["rotation-4"]
    assert users["rotation-7"] == users["rotation-9"]
    assert len(set(users.values())) == 4


def test_opt_outs_are_honoured_from_the_next_event_on(pipeline: Pipeline) -> None:
    run = pipeline()
    client = redis.Redis.from_url(run.stack.optouts_url)
    run.send_values(_event("opt-out-01x", "u-out"), _event("opt-out-02x", "u-in"))
    run.outcome()
    suppress(client, "u-out", "d-browser")
    try:
        time.sleep(1)
        run.send_values(
            _event("opt-out-03x", "u-out"),
            _event("opt-out-04x", "u-in"),
            _event("opt-out-05x", "u-out", event_name="sign_in"),
            raw({"event_id": "opt-6-no-account", "actor": {"domain_userid": "d-browser"}}),
            _event("opt-out-07x", "u-in", **{"context.consent": False}),
        )
        outcome = run.outcome()
    finally:
        withdraw(client, "u-out", "d-browser")
    assert outcome.balance.balanced, outcome.balance
    assert {event["event_id"] for event in outcome.enriched} == {"opt-out-01x", "opt-out-02x", "opt-out-04x"}
    for consented in (outcome.personalization, outcome.behaviour):
        assert {event["event_id"] for event in consented} == {"opt-out-01x", "opt-out-02x", "opt-out-04x"}
    assert {event["event_id"] for event in outcome.security} == {"opt-out-05x"}, "security needs no consent"
    assert outcome.failed == [], "an opt-out is not a failure"
    tombstones = {row["event_id"]: row for row in outcome.suppressed}
    assert tombstones.keys() == {"opt-out-03x", "opt-out-05x", "opt-6-no-account", "opt-out-07x"}
    reasons = {event_id: (row["field"], row["reason"]) for event_id, row in tombstones.items()}
    assert reasons == {
        "opt-out-03x": ("actor.user_id", "opted_out"),
        "opt-out-05x": ("actor.user_id", "opted_out"),
        "opt-6-no-account": ("actor.domain_userid", "opted_out"),
        "opt-out-07x": ("context.consent", "refused"),
    }
    for row in tombstones.values():
        assert row["payload"].keys() == {"sha256", "size"}
    assert outcome.balance.suppressed == 4


def test_an_opt_out_also_counts_in_failed_records(pipeline: Pipeline) -> None:
    run = pipeline()
    client = redis.Redis.from_url(run.stack.optouts_url)
    suppress(client, "u-out-broken")
    try:
        time.sleep(1)
        run.send_values(
            _event("opt-broken-1", "u-in", **{"context.consent": False, "platform": "tv"}),
            _event("opt-broken-2", "u-out-broken", platform="tv"),
            _event("opt-broken-3", "u-out-broken")[:-20],
            _event("opt-broken-4", "u-in", platform="tv"),
        )
        outcome = run.outcome()
    finally:
        withdraw(client, "u-out-broken")
    assert outcome.balance.balanced, outcome.balance
    envelopes = {row.get("event_id"): "envelope" in row["payload"] for row in outcome.failed}
    assert envelopes == {"opt-broken-1": False, "opt-broken-2": False, None: False, "opt-broken-4": True}


def test_a_destroyed_key_unlinks_its_subject_and_nobody_else(pipeline: Pipeline, stack: LocalStack) -> None:
    run = pipeline({"privacy": {"subject.keys.redis.url": stack.redis_url, "subject.keys.ttl.ms": "100"}})
    client = _client(run)
    run.send_values(_event("erasure-1x", "u-erased"), _event("erasure-2x", "u-stays"), _event("erasure-3x", "u-erased"))
    before = {event["event_id"]: event for event in run.outcome().enriched}
    assert before["erasure-1x"]["user_id"] == before["erasure-3x"]["user_id"] != before["erasure-2x"]["user_id"]
    destroy(client, "u-erased")
    time.sleep(0.5)
    run.send_values(_event("erasure-4x", "u-erased"), _event("erasure-5x", "u-stays"))
    outcome = run.outcome()
    after = {event["event_id"]: event for event in outcome.enriched}
    assert "user_id" not in after["erasure-4x"]
    assert "domain_userid" not in after["erasure-4x"]
    assert after["erasure-5x"]["user_id"] == before["erasure-2x"]["user_id"]
    keys = {value["event_id"]: key for key, value in outcome.records[topics.ANALYTICS.name]}
    assert keys["erasure-4x"] is None
    assert client.get("privacy:subject_key:u-erased") == "destroyed"
    assert run.restarts == 0
