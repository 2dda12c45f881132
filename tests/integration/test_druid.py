"""A real Druid on the enriched topics: every committed event once, also after its tasks were killed, and the queries'
answers are those of plain Python.
"""

import json
import math
from collections import Counter
from datetime import datetime
from typing import Any

from deploy.druid.queries import QUERIES, Kind
from producers.generator import GeneratorSettings, generate

from .conftest import Pipeline
from .druid_answers import Row, answers
from .druid_run import DruidRun, committed, druid_run, needs_druid, sending

EVENTS = 6_000
PER_SECOND = 400
pytestmark = needs_druid


def test_druid_has_what_the_ledger_has_after_its_tasks_were_killed(pipeline: Pipeline) -> None:
    run = pipeline()
    records = generate(GeneratorSettings(events=EVENTS, users=2_000, listings=5_000))
    with druid_run(run, "analytics", "security") as druid:
        with sending(run, records, PER_SECOND) as sender:
            druid.wait_for_rows(500)
            assert sender.is_alive()
            assert druid.kill_tasks() == 4
        balance = run.outcome().balance
        assert balance.balanced, balance
        topics = [purpose.topic for purpose in druid.purposes]
        values = {topic: [json.loads(value) for value in found] for topic, found in committed(run, topics).items()}
        ids = {topic: Counter(event["event_id"] for event in events) for topic, events in values.items()}
        assert all(ids.values())
        findings = druid.findings(ids)
        assert all(finding.agrees for finding in findings), findings
        _check_answers(druid, values[druid.purposes[0].topic])
        _check_that_a_difference_shows(druid, ids)


def _check_answers(druid: DruidRun, events: list[dict[str, Any]]) -> None:
    expected = answers(events)
    assert expected.keys() == QUERIES.keys()
    for name, query in QUERIES.items():
        rows = druid.rows(name)
        assert expected[name], name
        for row in rows:
            assert list(row) == list(query.columns), name
            assert all(_is(kind, row[column]) for column, kind in query.columns.items()), (name, row)
        if name.endswith("_over_time") or name == "revenue":
            times = [row["time"] for row in rows]
            assert times == sorted(times), name
            rows = sorted(rows, key=lambda row: list(map(str, row.values()))[:2])
        assert len(rows) == len(expected[name]), (name, rows, expected[name])
        for row, wanted in zip(rows, expected[name], strict=True):
            assert _equal(row, wanted), (name, row, wanted)


def _is(kind: Kind, value: object) -> bool:
    if kind == "time":
        return isinstance(value, str) and value.endswith("Z") and datetime.fromisoformat(value).microsecond == 0
    return isinstance(value, str if kind == "text" else int | float)


def _equal(row: Row, wanted: Row) -> bool:
    """Sketches are exact for as few values as these; sums of doubles depend on their order."""
    return row.keys() == wanted.keys() and all(
        math.isclose(value, wanted[name], rel_tol=1e-9) if isinstance(value, int | float) else value == wanted[name]
        for name, value in row.items()
    )


def _check_that_a_difference_shows(druid: DruidRun, ids: dict[str, Counter[str | None]]) -> None:
    topic = druid.purposes[1].topic
    lost, strange = next(iter(ids[topic])), "never-sent"
    changed = Counter(ids[topic])
    changed[strange] += changed.pop(lost)
    (finding,) = druid.findings({topic: changed}, idle_s=1)
    assert not finding.agrees
    assert (finding.missing_ids, finding.surplus_ids) == ((strange,), (str(lost),))
    not_read = druid.command("check", "--purpose", "personalization", "--wait-idle", "1")
    assert not_read.returncode == 1, not_read.stderr
    assert "_personalization_events: 0 events, the ledger has " in not_read.stdout
