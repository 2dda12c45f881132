"""The specs fit the events that they read, and each other."""

import json
from typing import Any

import pytest

from contracts.events.columns import columns
from contracts.purposes.load import REFERENCE, load_purposes
from contracts.purposes.model import IDENTIFIERS, Purpose
from contracts.purposes.typed_views import purpose_type
from deploy.druid.fields import ACTIONS, LEFT_OUT, STEPS, TIME, VISITS, Grain, event_dimensions, left_out, readable
from deploy.druid.queries import QUERIES, query
from deploy.druid.specs import Ingestion, compaction, datasource, grains, retention, supervisor

PURPOSES = {purpose.name: purpose for purpose in load_purposes(REFERENCE)}
ANALYTICS = PURPOSES["analytics"]
PLACES = [(purpose, grain) for purpose in PURPOSES.values() for grain in grains(purpose)]
DERIVED = {"crawler", "visitor", "enrichment_ms", "worth", *STEPS}
by_place = pytest.mark.parametrize(
    ("purpose", "grain"), PLACES, ids=[f"{purpose.name} {grain}" for purpose, grain in PLACES]
)


def _spec(purpose: Purpose, grain: Grain) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(json.dumps(supervisor(purpose, grain, Ingestion(bootstrap_servers="b:9092"))))
    return dict(spec["spec"])


def _dimensions(purpose: Purpose, grain: Grain) -> dict[str, str]:
    found = _spec(purpose, grain)["dataSchema"]["dimensionsSpec"]["dimensions"]
    return {field["name"]: field["type"] for field in found}


@pytest.mark.parametrize("purpose", PURPOSES.values(), ids=PURPOSES)
def test_every_column_is_in_the_events_or_left_out_for_a_reason(purpose: Purpose) -> None:
    names = {column.name for column in columns(purpose_type(purpose))}
    found = set(_dimensions(purpose, "events"))
    assert found - {"crawler"} | left_out(purpose).keys() | {TIME} == names
    assert not found & left_out(purpose).keys()
    assert all(left_out(purpose).values())


def test_identifiers_are_taken_as_pseudonyms_only() -> None:
    assert {*IDENTIFIERS} <= _dimensions(ANALYTICS, "events").keys()
    for name in ("security", "personalization"):
        assert not {*IDENTIFIERS, "listing_seller_id", *LEFT_OUT} & _dimensions(PURPOSES[name], "events").keys()


def test_an_encrypted_field_is_left_out() -> None:
    fields = tuple((name, "encrypt" if name == "user_id" else action) for name, action in ANALYTICS.fields)
    changed = Purpose("other", "clickstream.enriched.other.v1", fields)
    assert "user_id" in left_out(changed)


def test_what_a_policy_drops_is_neither_a_dimension_nor_measured() -> None:
    kept = tuple(pair for pair in ANALYTICS.fields if pair[0] not in {"price", "geo_city", "domain_userid"})
    changed = Purpose("other", "clickstream.enriched.other.v1", kept)
    assert "geo_city" not in _dimensions(changed, "visits")
    assert {"price", "geo_city", "domain_userid", "worth", "visitor"}.isdisjoint(readable(changed))
    measured = {measure["name"] for measure in _spec(changed, "actions")["dataSchema"]["metricsSpec"]}
    assert {"events", "sessions"} <= measured
    assert {"revenue", "visitors"}.isdisjoint(measured)


def test_types_follow_the_event() -> None:
    found = _dimensions(ANALYTICS, "events")
    assert (found["event_id"], found["quantity"], found["geo_latitude"]) == ("string", "long", "double")


def test_the_reference_policy_has_every_dimension_and_measure_of_the_roll_ups() -> None:
    assert tuple(_dimensions(ANALYTICS, "visits")) == VISITS
    assert tuple(_dimensions(ANALYTICS, "actions")) == ACTIONS
    assert not {"event_id", *IDENTIFIERS} & {*VISITS, *ACTIONS}
    known = readable(ANALYTICS).keys()
    expected: dict[Grain, int] = {"visits": 1, "actions": 1}
    for grain, steps in expected.items():
        schema = _spec(ANALYTICS, grain)["dataSchema"]
        assert schema["granularitySpec"]["rollup"]
        filtered = [measure for measure in schema["metricsSpec"] if measure["type"] == "filtered"]
        assert len(filtered) == steps
        for measure in schema["metricsSpec"]:
            inner = measure.get("aggregator", measure)
            assert inner["type"] == "count" or inner["fieldName"] in known
            assert inner["name"] == measure["name"]
            # Druid would expect the largest sketch in every row of memory, and write out every 200 rows.
            assert inner is measure or inner["type"] != "thetaSketch"


def test_purposes_of_chosen_events_are_not_rolled_up() -> None:
    found = {name: grains(purpose) for name, purpose in PURPOSES.items()}
    assert found.pop("analytics") == ("events", "visits", "actions")
    assert {"security", "personalization"} <= found.keys()
    chosen = {name for name, purpose in PURPOSES.items() if purpose.events is not None}
    assert {found[name] for name in chosen} == {("events",)}


@by_place
def test_only_committed_events_are_read_and_none_is_skipped(purpose: Purpose, grain: Grain) -> None:
    spec = _spec(purpose, grain)
    assert spec["ioConfig"]["topic"] == purpose.topic
    assert spec["ioConfig"]["consumerProperties"] == {
        "bootstrap.servers": "b:9092",
        "isolation.level": "read_committed",
    }
    assert spec["ioConfig"]["useEarliestOffset"]
    assert not spec["tuningConfig"]["resetOffsetAutomatically"]
    assert spec["tuningConfig"]["maxParseExceptions"] == 0
    # Before the first write to disk, if it goes by time.
    assert grain == "events" or spec["tuningConfig"]["intermediateHandoffPeriod"] == "PT5M"
    assert spec["tuningConfig"]["intermediatePersistPeriod"] == "PT10M"
    assert spec["dataSchema"]["timestampSpec"] == {"column": TIME, "format": "millis"}


@by_place
def test_compaction_keeps_the_grain(purpose: Purpose, grain: Grain) -> None:
    schema = _spec(purpose, grain)["dataSchema"]
    compact = json.loads(json.dumps(compaction(datasource(purpose.name, grain), grain)))
    assert compact["dataSource"] == schema["dataSource"]
    for name in ("rollup", "queryGranularity"):
        assert compact["granularitySpec"][name] == schema["granularitySpec"][name]
    partitioned = compact["tuningConfig"]["partitionsSpec"]["partitionDimensions"]
    assert set(partitioned) <= _dimensions(purpose, grain).keys()
    assert [rule["type"] for rule in retention(grain)] == ["loadByPeriod", "dropForever"]


def test_event_dimensions_are_unique() -> None:
    for purpose in PURPOSES.values():
        names = [dimension["name"] for dimension in event_dimensions(purpose)]
        assert len(names) == len(set(names))
        assert DERIVED & set(names) == ({"crawler"} if "user_agent_is_crawler" in names else set())
    assert "crawler" in [dimension["name"] for dimension in event_dimensions(ANALYTICS)]


@pytest.mark.parametrize("name", QUERIES)
def test_queries_are_of_the_datasource(name: str) -> None:
    text = query(name, "fraud", since="__time > TIMESTAMP '2024-01-01'", bucket="PT9M", country="XY", prefix="here")
    over_time = "time" in QUERIES[name].columns
    assert ('"here_fraud_visits"' in text) != ('"here_fraud_actions"' in text)
    assert "{" not in text
    assert "__time > TIMESTAMP '2024-01-01'" in text
    assert ("'PT9M'" in text) == over_time
    assert ("LIKE 'XY'" in text) == ("_visits" in text)
