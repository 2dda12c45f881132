"""The datasource of sessions fits the session record, and its queries fit the datasource."""

import json
import re
from typing import Any

import pytest

from contracts.events.columns import columns
from contracts.fixed_topics import SESSIONS
from contracts.sessions.records import SessionRecord
from deploy.druid.session_queries import SESSION_QUERIES, session_query
from deploy.druid.sessions import DIMENSIONS, MEASURES, session_compaction, session_supervisor
from deploy.druid.specs import Ingestion

FIELDS = {column.name for column in columns(SessionRecord)}
SPEC: dict[str, Any] = json.loads(json.dumps(session_supervisor(Ingestion(bootstrap_servers="b:1"))))["spec"]
SCHEMA = SPEC["dataSchema"]


def test_every_delta_of_the_record_is_a_sum() -> None:
    metrics = {metric["name"]: metric for metric in SCHEMA["metricsSpec"]}
    assert metrics.pop("records") == {"type": "count", "name": "records"}
    assert {metric["fieldName"] for metric in metrics.values()} == {n for n in FIELDS if n.startswith("delta_")}
    assert metrics["order_value"] == {"type": "doubleSum", "name": "order_value", "fieldName": "delta_order_value"}
    assert metrics["sessions"] == {"type": "longSum", "name": "sessions", "fieldName": "delta_sessions"}
    assert {metric["type"] for metric in metrics.values()} == {"longSum", "doubleSum"}


def test_no_total_and_no_id_is_taken() -> None:
    """A total would be added up over versions, and Druid cannot delete one person's rows."""
    found = {dimension["name"]: dimension["type"] for dimension in SCHEMA["dimensionsSpec"]["dimensions"]}
    assert tuple(found) == DIMENSIONS
    assert set(found.values()) == {"string"}
    assert found.keys() - {"bot"} <= FIELDS
    assert not found.keys() & {"visitor_id", "user_id", "user_ids", "session_id", "domain_sessionids"}
    assert [transform["name"] for transform in SCHEMA["transformSpec"]["transforms"]] == ["bot"]


def test_it_reads_committed_records_by_the_time_of_the_start() -> None:
    assert SCHEMA["dataSource"] == "clickstream_sessions"
    assert SCHEMA["timestampSpec"] == {"column": "start_tstamp", "format": "millis"}
    assert SPEC["ioConfig"]["topic"] == SESSIONS.name
    assert SPEC["ioConfig"]["consumerProperties"]["isolation.level"] == "read_committed"
    assert SPEC["tuningConfig"]["maxParseExceptions"] == 0
    assert not SPEC["tuningConfig"]["resetOffsetAutomatically"]


def test_compaction_keeps_the_grain() -> None:
    compact: dict[str, Any] = json.loads(json.dumps(session_compaction()))
    assert compact["dataSource"] == SCHEMA["dataSource"]
    for name in ("rollup", "queryGranularity"):
        assert compact["granularitySpec"][name] == SCHEMA["granularitySpec"][name]
    assert set(compact["tuningConfig"]["partitionsSpec"]["partitionDimensions"]) <= set(DIMENSIONS)


@pytest.mark.parametrize("name", SESSION_QUERIES)
def test_queries_use_what_the_datasource_has(name: str) -> None:
    text = session_query(name, since="__time > TIMESTAMP '2024-01-01'", bucket="PT9M", country="XY", prefix="here")
    assert "FROM \"here_sessions\" WHERE __time > TIMESTAMP '2024-01-01'" in text
    assert "{" not in text
    assert "LIKE 'XY'" in text
    assert ("'PT9M'" in text) == ("time" in SESSION_QUERIES[name].columns)
    assert set(re.findall(r"SUM\((\w+)\)", text)) <= MEASURES.keys()
    assert set(re.findall(r"COALESCE\((\w+),", text)) <= set(DIMENSIONS)
    selected = re.findall(r"AS \"?(\w+)\"?", text)
    assert selected == list(SESSION_QUERIES[name].columns)
