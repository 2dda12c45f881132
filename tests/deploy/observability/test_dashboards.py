"""The dashboards are what the code says, and the alert rules do what they should."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.druid.queries import QUERIES, query
from deploy.observability.dashboards import SINCE
from deploy.observability.panels import BUSINESS, OPERATIONS, Panel
from deploy.paths import PROJECT

FOLDER = PROJECT / "deploy" / "observability"
PROMTOOL = shutil.which("promtool")


@pytest.mark.servers
def test_the_committed_dashboards_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.observability", "--check"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _board(name: str) -> dict[str, Any]:
    board: dict[str, Any] = json.loads((FOLDER / "grafana" / "dashboards" / name).read_text())
    return board


def _lost(written: Any, read: Any, path: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Paths that are not the same in what was read back."""
    if isinstance(written, dict) and isinstance(read, dict):
        for name, value in written.items():
            yield from _lost(value, read.get(name), f"{path}.{name}")
    elif isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        for number, (value, other) in enumerate(zip(written, read, strict=True)):
            yield from _lost(value, other, f"{path}.{number}")
    elif written != read:
        yield path


@pytest.mark.parametrize("name", ["operations.json", "business.json"])
def test_grafanas_models_know_all_of_it(name: str) -> None:
    """The library's decoders leave out what they do not know, and add defaults."""
    register_default_plugins()
    read_back = json.loads(json.dumps(Dashboard.from_json(_board(name)), cls=JSONEncoder))
    assert not list(_lost(_board(name), read_back))
    misspelt = _board(name)
    misspelt["panels"][1]["fieldConfig"]["defaults"]["units"] = "short"
    read_back = json.loads(json.dumps(Dashboard.from_json(misspelt), cls=JSONEncoder))
    assert list(_lost(misspelt, read_back)) == [".panels.1.fieldConfig.defaults.units"]
    assert not _board(name)["editable"]


@pytest.mark.parametrize(("name", "panels"), [("operations.json", OPERATIONS), ("business.json", BUSINESS)])
def test_panels_have_ids_and_places_of_their_own(name: str, panels: tuple[Panel, ...]) -> None:
    board = _board(name)
    assert [panel["title"] for panel in board["panels"]] == [panel.title for panel in panels]
    assert [panel["id"] for panel in board["panels"]] == list(range(1, len(panels) + 1))
    taken = {
        (x, y)
        for panel in board["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    }
    assert len(taken) == len(panels) * 64
    assert max(x for x, _ in taken) < 24


def test_operations_panels_ask_prometheus() -> None:
    asked = [panel["targets"][0] for panel in _board("operations.json")["panels"]]
    assert [target["expr"] for target in asked] == [panel.query for panel in OPERATIONS]
    assert {target["datasource"]["uid"] for target in asked} == {"prometheus"}


def test_every_query_has_a_business_panel_and_is_asked_in_full() -> None:
    assert {panel.query for panel in BUSINESS} == set(QUERIES)
    for panel, shown in zip(BUSINESS, _board("business.json")["panels"], strict=True):
        (target,) = shown["targets"]
        text = json.loads(target["url_options"]["data"])["query"]
        expected = query(panel.query, "analytics", since=SINCE, bucket="${bucket}", country="${country}")
        assert text == expected
        assert [column["selector"] for column in target["columns"]] == list(QUERIES[panel.query].columns)


def test_panels_fit_what_they_show() -> None:
    for panel, shown in zip(BUSINESS, _board("business.json")["panels"], strict=True):
        kinds = set(QUERIES[panel.query].columns.values())
        (target,) = shown["targets"]
        if "time" in kinds:
            assert (shown["type"], target["format"]) == ("timeseries", "timeseries")
            times = [column for column in target["columns"] if column["type"] == "timestamp"]
            assert [column["text"] for column in times] == ["time"]
            assert ("displayName" in shown["fieldConfig"]["defaults"]) == ("text" in kinds)
        elif "text" in kinds:
            assert (shown["type"], target["format"]) == ("table", "table")
            (sorted_by,) = shown["transformations"]
            assert list(sorted_by["options"]["indexByName"]) == list(QUERIES[panel.query].columns)
        else:
            assert shown["type"] == "stat"


def test_variables_are_those_that_the_queries_use() -> None:
    board = _board("business.json")
    variables = {variable["name"]: variable for variable in board["templating"]["list"]}
    used = set(re.findall(r"\$\{(\w+)\}", json.dumps(board["panels"])))
    assert used == {*variables, "__from", "__to"}
    asked = json.loads(variables["country"]["query"]["infinityQuery"]["url_options"]["data"])["query"]
    assert '"clickstream_analytics_visits"' in asked
    assert variables["country"]["allValue"] == "%"
    assert variables["bucket"]["query"].split(",") == [option["value"] for option in variables["bucket"]["options"]]


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
