"""A real Prometheus scrapes the running job and service: every panel of the operations board has an answer."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.observability.panels import OPERATIONS
from local_stack.paths import PROJECT
from local_stack.ports import HOST, free_port
from local_stack.process import ManagedProcess
from local_stack.stack import LocalStack
from producers.generator import GeneratorSettings, generate

from .conftest import Pipeline

PROMETHEUS = shutil.which("prometheus")
pytestmark = pytest.mark.skipif(PROMETHEUS is None, reason="prometheus (the Debian package) is not on PATH")
ALERTS = PROJECT / "deploy" / "observability" / "alerts.yml"
_CONFIG = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{alerts}"]
scrape_configs:
  - {{job_name: flink, static_configs: [{{targets: [{flink}]}}]}}
  - {{job_name: lookup, static_configs: [{{targets: ["{lookup}"]}}]}}
"""


@pytest.fixture
def prometheus(stack: LocalStack, tmp_path: Path) -> Iterator[httpx.Client]:
    config, address = tmp_path / "prometheus.yml", f"{HOST}:{free_port()}"
    # Targets of task managers that an earlier test has killed do not answer, which is as in life.
    flink = ", ".join(f'"{target}"' for target in stack.flink.metrics_targets)
    lookup = stack.lookup_url.removeprefix("http://")
    config.write_text(_CONFIG.format(alerts=ALERTS, flink=flink, lookup=lookup))
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


def test_every_panel_has_an_answer(pipeline: Pipeline, prometheus: httpx.Client) -> None:
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


def test_the_alert_rules_are_loaded(prometheus: httpx.Client) -> None:
    (group,) = prometheus.get("/api/v1/rules").json()["data"]["groups"]
    assert len(group["rules"]) == ALERTS.read_text().count("- alert:")
    assert all(rule["health"] != "err" for rule in group["rules"])
