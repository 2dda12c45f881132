"""A real Druid on the enriched topics has every committed event once, also after its tasks were killed.

The answers to the dashboard's queries equal those computed in plain Python.
"""

import json
import math
import time
from collections import Counter
from datetime import datetime
from typing import Any

from assurance.reconciliation.reading.topics import committed_ids
from contracts.topics import DAY_MS
from deploy.observability.dashboards import dashboards
from deploy.observability.panels import BUSINESS
from producers.synthetic.generator import GeneratorSettings, generate
from tests.integration.conftest import Pipeline
from tests.integration.druid_answers import Row, answers
from tests.integration.druid_run import URL, DruidRun, druid_run, module, needs_druid, sending

EVENTS = 6_000
PER_SECOND = 400
pytestmark = needs_druid


def test_druid_has_what_the_ledger_has_after_its_tasks_were_killed(pipeline: Pipeline) -> None:
    run = pipeline()
    # Two days ago, so that the dashboard's time span has no events of other tests. For a few thousand events Druid's
    # sketches are exact.
    start_ms = time.time_ns() // 1_000_000 - 2 * DAY_MS
    records = generate(GeneratorSettings(start_ms=start_ms, events=EVENTS, event_rate=30, users=2_000, listings=5_000))
    with druid_run(run, "analytics", "security") as druid:
        with sending(run, records, PER_SECOND) as sender:
            druid.wait_for_rows(500)
            assert sender.is_alive()
            assert druid.kill_tasks() == 4
        balance = run.outcome().balance
        assert balance.balanced, balance
        everything = run.committed_now(whole=True)
        values = {purpose.topic: everything[purpose.topic] for purpose in druid.purposes}
        ids = {topic: Counter(event["event_id"] for event in events) for topic, events in values.items()}
        assert all(ids.values())
        findings = druid.findings(ids)
        assert all(finding.agrees for finding in findings), findings
        _check_answers(druid, values[druid.purposes[0].topic], start_ms // 60_000 * 60_000 - 60_000)
        _check_the_query_command(druid, values[druid.purposes[0].topic])
        _check_a_span_of_time(druid, run.stack.bootstrap_servers, values)
        _check_that_a_difference_shows(druid, ids)


def _check_answers(druid: DruidRun, all_events: list[dict[str, Any]], from_ms: int) -> None:
    """Checks every panel of the business dashboard, and its variable, for the hour from ``from_ms``."""
    span = {"__from": str(from_ms), "__to": str(from_ms + 3_600_000)}
    events = [event for event in all_events if 0 <= event["collector_tstamp"] - from_ms < 3_600_000]
    assert len(events) > EVENTS / 2
    expected = answers(events)
    board = json.loads(dashboards()["business.json"])
    for panel, shown in zip(BUSINESS, board["panels"], strict=True):
        (target,) = shown["targets"]
        name, wanted, rows = panel.query, expected[panel.query], druid.ask(target, **span)
        assert wanted, name
        for row in rows:
            assert [column["selector"] for column in target["columns"]] == list(row), name
            assert all(_is(column["type"], row[column["selector"]]) for column in target["columns"]), (name, row)
        if "time" in wanted[0]:
            times = [row["time"] for row in rows]
            assert times == sorted(times), name
            rows = sorted(rows, key=lambda row: [value for value in row.values() if isinstance(value, str)])
        assert len(rows) == len(wanted), (name, rows, wanted)
        for row, other in zip(rows, wanted, strict=True):
            assert _equal(row, other), (name, row, other)
    _check_the_choice_of_a_country(druid, board, events, span)


def _check_the_choice_of_a_country(
    druid: DruidRun, board: dict[str, Any], events: list[dict[str, Any]], span: dict[str, str]
) -> None:
    asked = next(each for each in board["templating"]["list"] if each["name"] == "country")["query"]["infinityQuery"]
    countries = [row["country"] for row in druid.ask(asked, **span)]
    assert countries == sorted({event["geo_country"] for event in events if "geo_country" in event})
    of_one = answers([event for event in events if event.get("geo_country") == countries[0]])
    for panel, shown in zip(BUSINESS, board["panels"], strict=True):
        if "Of the chosen country." in panel.explained:
            rows, wanted = druid.ask(shown["targets"][0], country=countries[0], **span), of_one[panel.query]
            # This query gives one row of zeros if there is nothing to count.
            assert len(rows) == len(wanted) or panel.query == "conversion", panel.query
            assert all(_equal(row, other) for row, other in zip(rows, wanted, strict=False)), (panel.query, rows)


def _is(kind: str, value: object) -> bool:
    """Whether Grafana's data source can convert the value to the column's declared type."""
    if kind == "timestamp":
        return isinstance(value, str) and value.endswith("Z") and datetime.fromisoformat(value).microsecond == 0
    return isinstance(value, str if kind == "string" else int | float)


def _equal(row: Row, wanted: Row) -> bool:
    """Sketches are exact for so few values; sums of doubles depend on their order, so they may differ slightly."""
    return row.keys() == wanted.keys() and all(
        math.isclose(value, wanted[name], rel_tol=1e-9) if isinstance(value, int | float) else value == wanted[name]
        for name, value in row.items()
    )


def _check_the_query_command(druid: DruidRun, events: list[dict[str, Any]]) -> None:
    since_ms = (time.time() - 100 * 3600) * 1000
    where = ["--url", str(URL), "--prefix", druid.prefix, "--hours", "100"]
    done = module("deploy.druid", "query", "events_over_time", *where)
    assert done.returncode == 0, done.stderr
    found = sum(json.loads(line)["events"] for line in done.stdout.splitlines())
    assert found == sum(event["collector_tstamp"] > since_ms for event in events)


def _check_a_span_of_time(druid: DruidRun, servers: str, values: dict[str, list[dict[str, Any]]]) -> None:
    topic = druid.purposes[1].topic
    times = sorted(event["collector_tstamp"] for event in values[topic])
    first, end = times[len(times) // 4], times[len(times) // 2]
    ids = committed_ids(servers, [topic], since_ms=first, until_ms=end)
    within = [event["event_id"] for event in values[topic] if first <= event["collector_tstamp"] < end]
    assert ids == {topic: Counter(within)}
    when = f"__time >= MILLIS_TO_TIMESTAMP({first}) AND __time < MILLIS_TO_TIMESTAMP({end})"
    (finding,) = druid.findings(ids, when=when, idle_s=1)
    assert finding.agrees, finding


def _check_that_a_difference_shows(druid: DruidRun, ids: dict[str, Counter[str | None]]) -> None:
    topic = druid.purposes[1].topic
    lost, unknown = next(iter(ids[topic])), "never-sent"
    changed = Counter(ids[topic])
    changed[unknown] += changed.pop(lost)
    (finding,) = druid.findings({topic: changed}, idle_s=1)
    assert not finding.agrees
    assert (finding.missing_ids, finding.surplus_ids) == ((unknown,), (str(lost),))
    not_read = druid.compare("--purpose", "personalization", "--wait-idle", "1")
    assert not_read.returncode == 1, not_read.stderr
    assert "_personalization_events: 0 events, the ledger has " in not_read.stdout
