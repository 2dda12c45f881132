"""A real Druid on the enriched topics of the shared stack, with separate datasources for each run."""

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from assurance.reconciliation.sinks.druid import EVER, Finding, Ids, check
from common.cli.shutdown import Stop
from contracts.purposes.load import REFERENCE, load_purposes
from deploy.druid.client import Druid
from deploy.druid.specs import PREFIX, datasource, grains
from deploy.paths import PROJECT
from producers.delivery.pacing import by_rate, paced
from producers.record import Record
from tests.integration.pipeline_run import PipelineRun

URL = os.environ.get("DRUID_URL")
OVERLORD_URL = os.environ.get("DRUID_OVERLORD_URL")
PURPOSES = {purpose.name: purpose for purpose in load_purposes(REFERENCE)}
needs_druid = [
    pytest.mark.skipif(URL is None, reason="DRUID_URL (and DRUID_OVERLORD_URL, without a router) names no Druid"),
    pytest.mark.timeout(600),
]
_PATIENCE_S = 120
_numbers = itertools.count()


class DruidRun:
    """Datasources of the purposes, with names that no earlier run has used."""

    def __init__(self, druid: Druid, bootstrap_servers: str, purposes: Sequence[str]) -> None:
        self.druid = druid
        self.prefix = f"test{next(_numbers)}_{time.time_ns()}"
        self.purposes = [PURPOSES[name] for name in purposes]
        self._servers = bootstrap_servers
        self._names = [datasource(each.name, grain, self.prefix) for each in self.purposes for grain in grains(each)]

    def command(self, name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """``python -m deploy.druid``, as a user runs it."""
        common = ["--bootstrap-servers", self._servers, "--url", str(URL), "--prefix", self.prefix]
        return module("deploy.druid", name, *common, *arguments)

    def compare(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """``python -m assurance.reconciliation.druid``, as a user runs it."""
        common = ["--bootstrap-servers", self._servers, "--url", str(URL), "--prefix", self.prefix]
        return module("assurance.reconciliation.druid", *common, *arguments)

    def post(self, *options: str) -> None:
        overlord = ["--overlord", OVERLORD_URL] if OVERLORD_URL else []
        wanted = [part for each in self.purposes for part in ("--purpose", each.name)]
        done = self.command("post", *overlord, *wanted, *options)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == [f"{name}: reads" for name in self._names]

    def findings(self, ids: Mapping[str, Ids], *, when: str = EVER, idle_s: float = _PATIENCE_S) -> list[Finding]:
        """Findings for the topics in ``ids``."""
        purposes = [each for each in self.purposes if each.topic in ids]
        return check(self.druid, purposes, ids, prefix=self.prefix, when=when, idle_s=idle_s)

    def wait_for_rows(self, rows: int) -> None:
        """Waits until the first purpose's events have this many rows and the other datasources exist."""
        deadline = time.monotonic() + _PATIENCE_S
        while not (set(self._names) <= self.druid.datasources() and self._rows() >= rows):
            assert time.monotonic() < deadline, "Druid serves too few events"
            time.sleep(0.5)

    def _rows(self) -> int:
        (row,) = self.druid.sql(f'SELECT COUNT(*) AS n FROM "{self._names[0]}"')  # noqa: S608 - our own name
        return int(row["n"])

    def kill_tasks(self) -> int:
        tasks = [task for name in self._names for task in self.druid.running_tasks(name)]
        for task in tasks:
            self.druid.shut_down_task(task)
        return len(tasks)

    def ask(self, target: Mapping[str, Any], **variables: str) -> list[dict[str, Any]]:
        """The answer to a dashboard's query from this run's datasources, with Grafana's variables replaced.

        ``variables`` must contain ``__from`` and ``__to``.
        """
        values = {"bucket": "PT1M", "country": "%"} | variables
        body = str(target["url_options"]["data"]).replace(f'\\"{PREFIX}_', f'\\"{self.prefix}_')
        for name, value in values.items():
            body = body.replace(f"${{{name}}}", value)
        return self.druid.sql(json.loads(body)["query"])

    def close(self) -> None:
        """Ends the tasks and waits for it, because the next test needs their slots."""
        for name in self._names:
            self.druid.terminate_supervisor(name)
        deadline = time.monotonic() + _PATIENCE_S
        while any(map(self.druid.running_tasks, self._names)) and time.monotonic() < deadline:
            time.sleep(0.5)


@contextmanager
def druid_run(run: PipelineRun, *purposes: str, options: Sequence[str] = ()) -> Iterator[DruidRun]:
    """Makes Druid read the enriched topics from their beginnings. ``options`` are options of the command ``post``."""
    assert URL is not None
    with Druid(URL, overlord=OVERLORD_URL) as druid:
        running = DruidRun(druid, run.stack.bootstrap_servers, purposes)
        running.post(*options)
        try:
            yield running
        finally:
            running.close()


def module(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """``python -m`` with these arguments."""
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=120
    )


@contextmanager
def sending(run: PipelineRun, records: Iterator[Record], per_second: float) -> Iterator[threading.Thread]:
    """Sends events in the background. On exit all are sent."""
    sender = threading.Thread(target=run.send, args=(paced(records, by_rate(per_second), Stop()),))
    sender.start()
    try:
        yield sender
    finally:
        sender.join()
