"""The dashboards are what the code says, and the alert rules do what they should."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploy.druid.queries import QUERIES
from deploy.observability.panels import BUSINESS, OPERATIONS

PROJECT = Path(__file__).parents[3]
FOLDER = PROJECT / "deploy" / "observability"
PROMTOOL = shutil.which("promtool")


def test_the_committed_dashboards_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.observability", "--check"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_business_panel_asks_one_of_the_queries() -> None:
    assert {panel.query for panel in BUSINESS} == set(QUERIES)
    board = json.loads((FOLDER / "grafana" / "dashboards" / "business.json").read_text())
    for panel in board["panels"]:
        asked = json.loads(panel["targets"][0]["url_options"]["data"])["query"]
        assert '"clickstream_analytics_minutes"' in asked


def test_panels_have_ids_and_places_of_their_own() -> None:
    board = json.loads((FOLDER / "grafana" / "dashboards" / "operations.json").read_text())
    assert [panel["targets"][0]["expr"] for panel in board["panels"]] == [panel.query for panel in OPERATIONS]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]}
    assert len(places) == len({panel["id"] for panel in board["panels"]}) == len(OPERATIONS)


def test_every_alert_has_a_test() -> None:
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    tests = yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
    for rule in group["rules"]:
        expected = [
            bool(case.get("exp_alerts"))
            for test in tests
            for case in test["alert_rule_test"]
            if case["alertname"] == rule["alert"]
        ]
        assert {True, False} <= set(expected), rule["alert"]


@pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian package prometheus) is not on PATH")
def test_the_alert_rules_pass_their_tests() -> None:
    done = subprocess.run(
        [str(PROMTOOL), "test", "rules", "alerts_test.yml"], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
