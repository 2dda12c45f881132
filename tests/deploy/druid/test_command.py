"""``python -m deploy.druid`` without a Druid."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from assurance.reconciliation.discrepancies import LIMIT
from deploy.druid.check import Finding, compare, report


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.druid", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.servers
def test_show_has_the_specs_of_the_purposes() -> None:
    shown = json.loads(_command("show", "--purpose", "analytics", "--purpose", "security", "--prefix", "mine").stdout)
    assert [spec["spec"]["dataSchema"]["dataSource"] for spec in shown] == [
        "mine_analytics_events",
        "mine_analytics_visits",
        "mine_analytics_actions",
        "mine_security_events",
    ]


@pytest.mark.servers
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "--purpose", "fraud"), "there is no purpose 'fraud'"),
        (("query", "weather"), "no query 'weather'"),
        (("show", "--purposes", "missing.yaml"), "missing.yaml"),
        (("post", "--bootstrap-servers", "b:9092", "--url", "http://127.0.0.1:1"), "druid: http://127.0.0.1:1/"),
        (("check", "--bootstrap-servers", "127.0.0.1:1"), "no answer from the Kafka broker"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = _command(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_event_must_be_there_as_often_as_in_the_topic() -> None:
    assert compare("d", {"a": 1, "b": 2}, {"b": 2, "a": 1}).agrees
    lost = compare("d", {"a": 1, "b": 2}, {"b": 2})
    doubled = compare("d", {"a": 1}, {"a": 2})
    swapped = compare("d", {"a": 1}, {"c": 1})
    assert lost == Finding("d", 3, 2, ("a",), ())
    assert doubled == Finding("d", 1, 2, (), ("a",))
    assert (swapped.expected, swapped.found, swapped.agrees) == (1, 1, False)


def test_the_report_names_the_difference() -> None:
    many: dict[str | None, int] = {str(number): 1 for number in range(LIMIT + 5)}
    lines = list(report([Finding("rolled", 10, 9), compare("events", many, {}), Finding("same", 1, 1)]))
    assert lines[0] == "rolled: 9 events, the ledger has 10"
    assert lines[1] == "events: 0 events, the ledger has 25"
    assert lines[2].startswith("  missing, the first 20: 0, 1, 2,")
    assert lines[3] == "same: 1 events, the ledger's"
