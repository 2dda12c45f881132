"""The specs fit the event that they read, and each other."""

import json
import subprocess
import sys
from typing import Any

import pytest

from contracts import topics
from contracts.columns import columns
from deploy.druid.fields import DERIVED, LEFT_OUT, ROLLED_UP_BY, TIME
from deploy.druid.queries import QUERIES, query
from deploy.druid.specs import GRAINS, Grain, Ingestion, compaction, datasource, retention, supervisor

NAMES = {column.name for column in columns()}
DERIVED_NAMES = {str(transform["name"]) for transform in DERIVED}


def _spec(grain: Grain) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(
        json.dumps(supervisor("analytics", grain, Ingestion(bootstrap_servers="b:9092")))
    )["spec"]
    return spec


def _dimensions(grain: Grain) -> dict[str, str]:
    return {field["name"]: field["type"] for field in _spec(grain)["dataSchema"]["dimensionsSpec"]["dimensions"]}


def test_every_column_is_in_the_events_or_left_out_for_a_reason() -> None:
    found = set(_dimensions("events"))
    assert found & NAMES | LEFT_OUT.keys() | {TIME} == NAMES
    assert not found & LEFT_OUT.keys()
    assert all(LEFT_OUT.values())
    assert found - NAMES <= DERIVED_NAMES


def test_types_follow_the_event() -> None:
    found = _dimensions("events")
    assert (found["event_id"], found["quantity"], found["geo_latitude"]) == ("string", "long", "double")


def test_the_minutes_are_rolled_up_by_known_columns_and_none_that_names_a_person() -> None:
    assert set(ROLLED_UP_BY) <= NAMES | DERIVED_NAMES
    assert not {"event_id", "user_id", "domain_userid", "domain_sessionid"} & set(ROLLED_UP_BY)
    schema = _spec("minutes")["dataSchema"]
    assert schema["granularitySpec"]["rollup"]
    for measure in schema["metricsSpec"]:
        assert measure["type"] == "count" or measure["fieldName"] in NAMES | DERIVED_NAMES


@pytest.mark.parametrize("grain", GRAINS)
def test_only_committed_events_are_read_and_none_is_skipped(grain: Grain) -> None:
    spec = _spec(grain)
    assert spec["ioConfig"]["topic"] == topics.ANALYTICS.name
    assert spec["ioConfig"]["consumerProperties"] == {
        "bootstrap.servers": "b:9092",
        "isolation.level": "read_committed",
    }
    assert spec["ioConfig"]["useEarliestOffset"]
    assert not spec["tuningConfig"]["resetOffsetAutomatically"]
    assert spec["tuningConfig"]["maxParseExceptions"] == 0
    assert spec["dataSchema"]["timestampSpec"] == {"column": TIME, "format": "millis"}


@pytest.mark.parametrize("grain", GRAINS)
def test_compaction_keeps_the_grain(grain: Grain) -> None:
    schema, compact = _spec(grain)["dataSchema"], json.loads(json.dumps(compaction("analytics", grain)))
    assert compact["dataSource"] == schema["dataSource"] == datasource("analytics", grain)
    for name in ("rollup", "queryGranularity"):
        assert compact["granularitySpec"][name] == schema["granularitySpec"][name]
    assert set(compact["tuningConfig"]["partitionsSpec"]["partitionDimensions"]) <= set(_dimensions(grain))
    assert [rule["type"] for rule in retention(grain)] == ["loadByPeriod", "dropForever"]


@pytest.mark.parametrize("name", QUERIES)
def test_queries_are_of_the_datasource(name: str) -> None:
    text = query(name, "fraud", since="__time > TIMESTAMP '2024-01-01'")
    assert '"clickstream_fraud_minutes"' in text
    assert "{" not in text
    assert "__time > TIMESTAMP '2024-01-01'" in text


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.druid", *arguments], capture_output=True, text=True, check=False
    )


def test_the_command_shows_the_specs() -> None:
    shown = json.loads(_command("show", "--purpose", "analytics", "--purpose", "fraud").stdout)
    assert [spec["spec"]["dataSchema"]["dataSource"] for spec in shown] == [
        datasource(purpose, grain) for purpose in ("analytics", "fraud") for grain in GRAINS
    ]


def test_without_druid_the_command_says_so() -> None:
    done = _command("post", "--bootstrap-servers", "b:9092", "--url", "http://127.0.0.1:1")
    assert done.returncode == 1
    assert done.stderr.startswith("druid: http://127.0.0.1:1/")
    assert "Traceback" not in done.stderr
