"""The dashboards are what the code says, and the alert rules do what they should."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client import generate_latest

from applications.account_security import metric_names as security_names
from applications.account_security.webhook.metrics import WebhookMetrics
from applications.behaviour.metric_names import COUNTERS, GaugeName
from applications.features import metric_names as feature_names
from applications.features.store.gauges import STORE_GAUGES
from common.flink.property_groups import read
from deploy.druid.queries import QUERIES, query
from deploy.job_spec import JobSpec
from deploy.jobs import ACCOUNT_SECURITY, BEHAVIOUR, ENRICHMENT
from deploy.jobs import FEATURES as FEATURES_SPEC
from deploy.observability.dashboards import SINCE
from deploy.observability.feature_panels import FEATURES, FEATURES_JOB, OF_VISITORS
from deploy.observability.panels import BEHAVIOUR_JOB, BUSINESS, JOB, OPERATIONS, SESSIONS, Panel
from deploy.observability.security_panels import RISK, SECURITY, SECURITY_JOB
from deploy.paths import PROJECT
from enrichment_job import metric_names
from lookup_service.metrics import Metrics
from lookup_service.readiness import Readiness

FOLDER = PROJECT / "deploy" / "observability"
PROMTOOL = shutil.which("promtool")
_OF_OPERATIONS = (*OPERATIONS, *SESSIONS, *FEATURES, *OF_VISITORS, *SECURITY, *RISK)


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


def _panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Without the titles of groups."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


@pytest.mark.parametrize(
    ("name", "panels"),
    [("operations.json", _OF_OPERATIONS), ("business.json", BUSINESS)],
)
def test_panels_have_ids_and_places_of_their_own(name: str, panels: tuple[Panel, ...]) -> None:
    board = _board(name)
    assert [panel["title"] for panel in _panels(board)] == [panel.title for panel in panels]
    assert [panel["id"] for panel in board["panels"]] == list(range(1, len(board["panels"]) + 1))
    assert all((panel["gridPos"]["w"], panel["gridPos"]["h"]) == (8, 8) for panel in _panels(board))
    taken = [
        (x, y)
        for panel in board["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


def test_the_other_panels_are_groups_below() -> None:
    board = _board("operations.json")
    rows = [panel for panel in board["panels"] if panel["type"] == "row"]
    assert [row["title"] for row in rows] == [
        "Sessions",
        "Features",
        "Account security",
        "Risk before the event, and webhook",
    ]
    ends = [*(row["gridPos"]["y"] for row in rows[1:]), 10_000]
    for row, end, panels in zip(rows, ends, (SESSIONS, (*FEATURES, *OF_VISITORS), SECURITY, RISK), strict=True):
        inside = {each["title"] for each in _panels(board) if row["gridPos"]["y"] < each["gridPos"]["y"] < end}
        assert inside == {panel.title for panel in panels}


def test_operations_panels_ask_prometheus() -> None:
    asked = [panel["targets"][0] for panel in _panels(_board("operations.json"))]
    assert [target["expr"] for target in asked] == [panel.query for panel in _OF_OPERATIONS]
    assert {target["datasource"]["uid"] for target in asked} == {"prometheus"}


@pytest.mark.parametrize(
    ("spec", "where"),
    [(ENRICHMENT, JOB), (BEHAVIOUR, BEHAVIOUR_JOB), (ACCOUNT_SECURITY, SECURITY_JOB), (FEATURES_SPEC, FEATURES_JOB)],
    ids=["enrichment", "behaviour", "account_security", "features"],
)
def test_panels_name_a_job_as_its_properties_do(spec: JobSpec, where: str) -> None:
    assert where == f'job_name="{read(spec.reference)["job"]["name"]}"'


def test_every_figure_of_sessions_has_one_panel() -> None:
    names, panels = (*COUNTERS, *get_args(GaugeName), *STORE_GAUGES), (*SESSIONS, *OF_VISITORS)
    asked = Counter(re.findall(rf"task_operator_({'|'.join(names)})\b", " ".join(panel.query for panel in panels)))
    assert asked == Counter(names)
    assert all(BEHAVIOUR_JOB in panel.query for panel in panels)


def test_every_figure_of_the_job_features_has_one_panel() -> None:
    names = (*feature_names.COUNTERS, *feature_names.GAUGES, *STORE_GAUGES)
    asked = Counter(re.findall(rf"task_operator_({'|'.join(names)})\b", " ".join(panel.query for panel in FEATURES)))
    assert asked == Counter(names)
    assert all(FEATURES_JOB in panel.query for panel in FEATURES)


def test_every_figure_of_account_security_has_one_panel() -> None:
    names = (*security_names.COUNTERS, *get_args(security_names.GaugeName))
    asked = Counter(re.findall(rf"task_operator_({'|'.join(names)})\b", " ".join(panel.query for panel in SECURITY)))
    assert asked == Counter(names)
    assert all(SECURITY_JOB in panel.query for panel in SECURITY)


def test_every_figure_of_risk_and_webhook_is_in_a_panel_and_alerts_ask_for_no_other() -> None:
    service = Metrics().export(Readiness(ready=True, dependencies={}))
    exported = (service + generate_latest(WebhookMetrics().registry)).decode()
    names = _of_risk_and_webhook(" ".join(re.findall(r"^# TYPE (\S+)", exported, re.MULTILINE)))
    queries = " ".join(panel.query for panel in RISK)
    several = "(delivered|given_up|unreadable)_total"
    assert several in queries
    asked = _of_risk_and_webhook(queries) | {"webhook_delivered", "webhook_given_up", "webhook_unreadable"}
    assert asked == names
    assert _of_risk_and_webhook((FOLDER / "alerts.yml").read_text()) <= names


def _of_risk_and_webhook(text: str) -> set[str]:
    found = re.findall(r"\b((?:lookup_risk|webhook)_[a-z_]*[a-z])\b", text)
    return {name.removesuffix("_total").removesuffix("_bucket") for name in found if not name.endswith("_created")}


def test_alerts_ask_for_figures_that_the_jobs_have() -> None:
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    asked = set(
        re.findall(r"task_operator_((?:events|visitors|mirror|rules|risk|store|erasures)_\w+)", json.dumps(group))
    )
    assert {"events_failed", "events_unreadable", "events_unplaced", "events_too_late"} <= asked
    features = {*feature_names.COUNTERS, *feature_names.GAUGES, *STORE_GAUGES}
    security = {*security_names.COUNTERS, *get_args(security_names.GaugeName)}
    assert (
        asked
        <= {*COUNTERS, *get_args(GaugeName), *get_args(metric_names.CounterName), "events_ahead"} | security | features
    )


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
