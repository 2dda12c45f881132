"""Comparing Druid with the topics, without a running Druid."""

import subprocess
import sys

import pytest

from assurance.reconciliation.balancing.counts import LIMIT
from assurance.reconciliation.sinks.druid import Finding, compare, report


@pytest.mark.servers
def test_an_unreachable_broker_is_one_line_and_exit_code_2() -> None:
    command = [sys.executable, "-m", "assurance.reconciliation.druid", "--bootstrap-servers", "127.0.0.1:1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no answer from the Kafka broker" in done.stderr
    assert "Traceback" not in done.stderr


def test_druid_must_have_an_event_as_often_as_the_topic() -> None:
    assert compare("d", {"a": 1, "b": 2}, {"b": 2, "a": 1}).agrees
    lost = compare("d", {"a": 1, "b": 2}, {"b": 2})
    duplicate = compare("d", {"a": 1}, {"a": 2})
    swapped = compare("d", {"a": 1}, {"c": 1})
    assert lost == Finding("d", 3, 2, ("a",), ())
    assert duplicate == Finding("d", 1, 2, (), ("a",))
    assert (swapped.expected, swapped.found, swapped.agrees) == (1, 1, False)


def test_the_report_names_the_difference() -> None:
    many: dict[str | None, int] = {str(number): 1 for number in range(LIMIT + 5)}
    lines = list(report([Finding("rolled", 10, 9), compare("events", many, {}), Finding("same", 1, 1)]))
    assert lines[0] == "rolled: 9 events, the ledger has 10"
    assert lines[1] == "events: 0 events, the ledger has 25"
    assert lines[2].startswith("  missing, the first 20: 0, 1, 2,")
    assert lines[3] == "same: 1 events, as in the ledger"
