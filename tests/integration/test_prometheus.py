"""A real Prometheus scrapes the running job and service: every panel of the operations dashboard has data."""

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.flink.metrics import EMISSION_BOUNDS_MS
from contracts import topics
from deploy.observability.panels import EMITTED, OPERATIONS
from deploy.paths import PROJECT
from local_stack.processes.ports import HOST, free_port
from local_stack.processes.process import ManagedProcess
from local_stack.stack import LocalStack
from producers.synthetic.generator import GeneratorSettings, generate
from tests.core.samples import raw
from tests.integration.conftest import Pipeline

PROMETHEUS = shutil.which("prometheus")
pytestmark = pytest.mark.skipif(PROMETHEUS is None, reason="prometheus (the Debian package) is not on PATH")
ALERTS = PROJECT / "deploy" / "observability" / "alerts.yml"
_CONFIG = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{alerts}"]
scrape_configs:
  - {{job_name: flink, static_configs: [{{targets: [{flink}]}}]}}
  - {{job_name: lookup, static_configs: [{{targets: ["{lookup}"]}}]}}
  - {{job_name: visible, static_configs: [{{targets: ["{visible}"]}}]}}
"""


@pytest.fixture
def visible(stack: LocalStack, tmp_path: Path) -> Iterator[str]:
    """host:port of a running exporter, which follows the topics from now on."""
    port = free_port()
    command = [sys.executable, "-m", "assurance.live.export", "--bootstrap-servers", stack.bootstrap_servers]
    process = ManagedProcess("visible", [*command, "--port", str(port)], log_path=tmp_path / "visible.log")
    process.start()
    try:
        process.wait_ready(lambda: "metrics at" in (tmp_path / "visible.log").read_text(), 30)
        yield f"{HOST}:{port}"
    finally:
        process.stop()


@pytest.fixture
def prometheus(stack: LocalStack, tmp_path: Path, visible: str) -> Iterator[httpx.Client]:
    config, address = tmp_path / "prometheus.yml", f"{HOST}:{free_port()}"
    # Task managers killed by earlier tests do not answer, as happens in production.
    flink = ", ".join(f'"{target}"' for target in stack.flink.metrics_targets)
    lookup = stack.lookup_url.removeprefix("http://")
    config.write_text(_CONFIG.format(alerts=ALERTS, flink=flink, lookup=lookup, visible=visible))
    process = ManagedProcess(
        "prometheus",
        [
            str(PROMETHEUS),
            f"--config.file={config}",
            f"--web.listen-address={address}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
        ],
        log_path=tmp_path / "prometheus.log",
    )
    process.start()
    with httpx.Client(base_url=f"http://{address}", timeout=10, trust_env=False) as client:
        try:
            process.wait_ready(lambda: _is_ready(client), 30)
            yield client
        finally:
            process.stop()


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/-/ready").is_success
    except httpx.TransportError:
        return False


def _ask(client: httpx.Client, query: str) -> list[float]:
    answer: dict[str, Any] = client.get("/api/v1/query", params={"query": query}).json()
    assert answer["status"] == "success", f"{query}: {answer}"
    return [float(series["value"][1]) for series in answer["data"]["result"]]


def test_every_panel_has_data(pipeline: Pipeline, prometheus: httpx.Client) -> None:
    run = pipeline()
    for seed in range(1, 5):
        run.send(generate(GeneratorSettings(events=1_500, users=2_000, listings=5_000, seed=seed)))
        time.sleep(2)
    assert run.outcome().balance.balanced
    missing = {panel.title for panel in OPERATIONS}
    deadline = time.monotonic() + 30
    while missing and time.monotonic() < deadline:
        time.sleep(1)
        missing = {
            panel.title
            for panel in OPERATIONS
            if not (found := _ask(prometheus, panel.query)) or any(value != value for value in found)  # noqa: PLR0124
        }
    assert not missing
    values = {panel.title: _ask(prometheus, panel.query) for panel in OPERATIONS}
    assert values["Enriched"][0] > 0
    assert values["Parked"][0] > 0
    assert values["Failed"][0] > 0
    assert 0 < values["Cache hit ratio"][0] < 1
    assert values["Keys per request"][0] >= 1
    assert min(values["Lookup dependencies up"]) == 1
    assert len(values["Collector to emission, p99"]) == 2, "hot and cold path"
    for where in ("emission", "consumer"):
        assert all(0 < value < 60 for value in values[f"Collector to {where}, p99"]), where


def test_the_histograms_have_every_event(pipeline: Pipeline, prometheus: httpx.Client) -> None:
    run = pipeline()
    events = [raw({"event_id": f"histogram-{number:03d}", "event_name": "page_view"}) for number in range(30)]
    run.send_values(*events[:-1])
    time.sleep(1)
    # Counters are flushed with the next event after 100 ms: this event flushes the others' counts and its own.
    run.send_values(events[-1])
    outcome = run.outcome()
    assert len(outcome.enriched) == len(outcome.personalization) == len(outcome.behaviour) == 30
    emitted = f'sum({EMITTED}{{job_id="{run.job_id}",le="+Inf"}})'
    _wait_for(prometheus, emitted, 30)
    for query in (
        f'sum(flink_taskmanager_job_task_operator_events_enriched{{job_id="{run.job_id}"}})',
        'event_visible_seconds_count{purpose="analytics"}',
        'event_visible_seconds_count{purpose="personalization"}',
        'event_visible_seconds_count{purpose="behaviour"}',
        f'events_visible_total{{topic="{topics.PERSONALIZATION.name}",outcome="enriched"}}',
    ):
        _wait_for(prometheus, query, 30)
    in_buckets = f'sum by (le) ({EMITTED}{{job_id="{run.job_id}"}})'
    assert sorted(_ask(prometheus, in_buckets))[-1] == 30
    assert len(_ask(prometheus, in_buckets)) == len(EMISSION_BOUNDS_MS) + 1


def _wait_for(client: httpx.Client, query: str, wanted: float) -> None:
    deadline = time.monotonic() + 20
    while (found := _ask(client, query)) != [wanted]:
        assert time.monotonic() < deadline, f"{query}: {found}"
        time.sleep(0.3)


def test_the_alert_rules_are_loaded(prometheus: httpx.Client) -> None:
    (group,) = prometheus.get("/api/v1/rules").json()["data"]["groups"]
    assert len(group["rules"]) == ALERTS.read_text().count("- alert:")
    assert all(rule["health"] != "err" for rule in group["rules"])
