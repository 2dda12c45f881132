"""Runs one small mixed input through the whole job and compares every output."""

from typing import Any

from contracts import topics
from contracts.purposes.model import IDENTIFIERS
from core.privacy.envelopes import PAYLOAD
from producers.record import Record
from tests.core.samples import VALID, raw
from tests.integration.conftest import Pipeline

NOON = 1_700_000_000_000
MINUTE = 60_000
PUBLIC = "8.8.8.8"
PRIVATE = "10.1.2.3"


def _event(number: int, changes: dict[str, Any]) -> bytes:
    return raw({"event_id": f"golden-{number:04d}", "actor.user_ipaddress": PRIVATE, **changes})


def _without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def test_golden(pipeline: Pipeline) -> None:
    run = pipeline({"source": {"allowed.lateness.ms": "60000", "out.of.orderness.ms": "1000", "idleness.ms": "200"}})
    run.forget("user", VALID["actor"]["user_id"])
    run.forget("listing", VALID["attributes"]["listing_id"])
    twice = _event(3, {"actor": {"domain_userid": "browser-3"}, "attributes": {}})
    run.send(
        [
            Record(_event(1, {"actor.user_ipaddress": PUBLIC}), NOON),
            Record(_event(2, {"actor.user_id": "u9999999", "attributes.listing_id": "l99999999"}), NOON + 1),
            Record(twice, NOON + 2),
            Record(twice, NOON + 3),
            Record(_event(4, {"actor": {}, "attributes": {"any": {"thing": [1, None]}}}), NOON + 4),
            Record(_event(5, {"actor.user_id": 7}), NOON + 5),
            Record(_event(9, {"event_name": "sign_in", "actor.user_ipaddress": PUBLIC}), NOON + 5),
            Record(_event(8_001, {"context.consent": False}), NOON + 5),
            Record(b"\xff not an event", NOON + 6),
            Record(b"", NOON + 7),
            *(Record(_event(10 + n, {"actor": {}, "attributes": {}}), NOON + 10 * MINUTE) for n in range(20)),
        ]
    )
    run.outcome()  # wait until all events, and with them the watermark, are through
    run.send(
        [
            Record(_event(6, {}), NOON + 8 * MINUTE),  # late
            Record(_event(7, {"actor": {}, "attributes": {}}), NOON + 10 * MINUTE - 30_000),  # disordered, in bounds
            Record(_event(8, {"platform": "tv"}), NOON),  # broken and late: failed
        ]
    )
    outcome = run.outcome()
    assert outcome.balance.balanced, outcome.balance
    assert (len(outcome.enriched), len(outcome.late), len(outcome.failed), len(outcome.suppressed)) == (27, 1, 4, 1)
    enriched = {event["event_id"]: event for event in outcome.enriched}

    first = enriched["golden-0001"]
    assert (first["geo_country"], first["geo_status"]) == ("US", "ok")
    assert (first["user_agent_name"], first["user_agent_status"]) == ("Firefox", "ok")
    assert (first["user_status"], first["listing_status"]) == ("ok", "ok")
    assert first["user_segment"]
    assert first["listing_currency"] == "EUR"

    personal = {event["event_id"]: event for event in outcome.personalization}
    assert personal.keys() == enriched.keys() - {"golden-0009"}  # all others are views
    assert (personal["golden-0001"]["user_id"], personal["golden-0001"]["geo_country"]) == ("u0000001", "US")
    (sign_in,) = outcome.security
    assert sign_in["event_id"] == "golden-0009"
    assert sign_in["user_ipaddress"] == PUBLIC
    network = [sign_in[name] for name in ("network_status", "as_number", "as_organization_name")]
    assert network == ["ok", 15169, "Google LLC"]

    assert sorted(event["event_id"] for event in outcome.behaviour) == sorted(e["event_id"] for e in outcome.enriched)
    (seen,) = (event for event in outcome.behaviour if event["event_id"] == "golden-0002")
    assert _without(seen, "etl_tstamp") == {
        "event_id": "golden-0002",
        "event_name": "listing_view",
        "platform": "web",
        "app_id": "marketplace-web",
        "etl_version": "1.3.0",
        "collector_tstamp": NOON + 1,
        "derived_tstamp": NOON + 1 - 250,
        "user_id": "u9999999",
        "domain_userid": "d-1",
        "domain_sessionid": "s-1",
        "page_url": "https://www.example.org/l/1",
        "listing_id": "l99999999",
        "price": 12.5,
        "currency": "EUR",
        "geo_status": "missing",
        "user_agent_is_crawler": False,
        "user_agent_status": "ok",
        "referrer_status": "missing",
        "campaign_status": "missing",
        "listing_status": "missing",
    }

    second = _without(enriched["golden-0002"], "etl_tstamp", *IDENTIFIERS)
    assert second == {
        "event_id": "golden-0002",
        "event_name": "listing_view",
        "platform": "web",
        "app_id": "marketplace-web",
        "etl_version": "1.3.0",
        "collector_tstamp": NOON + 1,
        "dvce_created_tstamp": 1_700_000_000_000,
        "dvce_sent_tstamp": 1_700_000_000_250,
        "derived_tstamp": NOON + 1 - 250,
        "user_ipaddress": "10.1.2.0",
        "page_url": "https://www.example.org/l/1",
        "consent": True,
        "listing_id": "l99999999",
        "price": 12.5,
        "currency": "EUR",
        "geo_status": "missing",
        "network_status": "missing",
        "user_agent_name": "Firefox",
        "user_agent_version": "130.0",
        "user_agent_os_name": "Linux",
        "user_agent_is_crawler": False,
        "user_agent_status": "ok",
        "referrer_status": "missing",
        "campaign_status": "missing",
        "user_status": "missing",
        "listing_status": "missing",
        "calendar_status": "missing",
    }
    assert [event["event_id"] for event in outcome.enriched].count("golden-0003") == 2
    assert "golden-0007" in enriched

    keys = {value["event_id"]: key for key, value in outcome.records[topics.PERSONALIZATION.name]}
    assert (keys["golden-0001"], keys["golden-0003"], keys["golden-0004"]) == (b"u0000001", b"browser-3", None)
    browsers = {value["event_id"]: key for key, value in outcome.records[topics.BEHAVIOUR_EVENTS.name]}
    assert (browsers["golden-0001"], browsers["golden-0003"], browsers["golden-0004"]) == (b"d-1", b"browser-3", None)
    pseudonyms = {value["event_id"]: key for key, value in outcome.records[topics.ANALYTICS.name]}
    assert pseudonyms["golden-0001"] == enriched["golden-0001"]["user_id"].encode()
    assert pseudonyms["golden-0003"] == enriched["golden-0003"]["domain_userid"].encode()
    assert pseudonyms["golden-0004"] is None

    (late,) = outcome.late
    assert late["event_id"] == "golden-0006"
    assert late["lateness_ms"] > MINUTE
    assert run.envelopes.open(late["payload"]["envelope"], PAYLOAD) == _event(6, {})

    reasons = {(row["failure"]["type"], row["failure"]["field"], row.get("event_id")) for row in outcome.failed}
    assert reasons == {
        ("schema", "actor.user_id", "golden-0005"),
        ("encoding", "$", None),
        ("size", "$", None),
        ("schema", "platform", "golden-0008"),
    }
    (tombstone,) = outcome.suppressed
    assert (tombstone["event_id"], tombstone["field"], tombstone["reason"]) == (
        "golden-8001",
        "context.consent",
        "refused",
    )
    assert tombstone["payload"].keys() == {"sha256", "size"}
    assert run.restarts == 0
