"""``docker compose up`` with the lake: a balanced ledger, and every enriched event as one row in the lake.

Checked after task managers were killed while events were sent, and again after ``down`` and ``up``.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
from testcontainers.compose import DockerCompose

from deploy.paths import PROJECT
from tests.deploy.test_compose_file import compose_missing

EVENTS = 4_000
RATE = 100
_UP_S = 900
_LAKE_S = 90
"""Rows appear with checkpoints, every 20 s. After ``down`` and ``up`` the job needs time to start, too."""


def _reason_to_skip() -> str | None:
    if reason := compose_missing():
        return reason
    done = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else "no docker engine answers"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def compose(monkeypatch: pytest.MonkeyPatch) -> Iterator[DockerCompose]:
    """The default services and the lake, with a project name and ports of their own, so that a running one is not
    touched.
    """
    if reason := _reason_to_skip():
        pytest.skip(reason)
    settings = {
        "COMPOSE_PROJECT_NAME": f"clickstream-test-{os.getpid()}",
        "KAFKA_PORT": str(_free_port()),
        "LOOKUP_PORT": str(_free_port()),
        "FLINK_PORT": str(_free_port()),
        "LAKE_FLINK_PORT": str(_free_port()),
        "GENERATOR_EVENTS": str(EVENTS),
        "GENERATOR_RATE": str(RATE),
        "USERS": "2000",
        "LISTINGS": "5000",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    running = DockerCompose(str(PROJECT), build=True, wait=True, profiles=["lake"])
    try:
        running.start()
        yield running
    finally:
        running.stop(down=True)


def _call(compose: DockerCompose, *arguments: str) -> str:
    done = subprocess.run(
        [*compose.compose_command_property, *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=_UP_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _wait_for_the_lake(compose: DockerCompose, records: int) -> str:
    """Waits until the lake has exactly the enriched events. Returns the audit's report."""
    command = [*compose.compose_command_property, "run", "--rm", "--no-deps", "lake-audit"]
    deadline = time.monotonic() + _LAKE_S
    while (done := subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)).returncode != 0:
        assert time.monotonic() < deadline, done.stdout + done.stderr
    assert f"all {records:,} raw records have exactly one outcome" in done.stdout
    return done.stdout


def _wait_for_the_stream(compose: DockerCompose) -> None:
    generator = _call(compose, "ps", "-aq", "generator").strip()
    subprocess.run(["docker", "wait", generator], capture_output=True, timeout=_UP_S, check=True)


@pytest.mark.timeout(_UP_S)
def test_killed_task_managers_lose_and_duplicate_nothing(compose: DockerCompose) -> None:
    assert _call(compose, "ps", "-q", "generator").strip(), "the stream ended before the kill"
    _call(compose, "kill", "taskmanager", "lake-taskmanager")
    _call(compose, "up", "-d", "--no-recreate", "--no-build", "taskmanager", "lake-taskmanager")
    _wait_for_the_stream(compose)
    report = _wait_for_the_lake(compose, EVENTS)
    assert "Sample 3" in report

    # Both jobs resume from their own last checkpoint and process a second stream.
    _call(compose, "down")
    compose.start()
    for job in ("job", "lake-job"):
        assert "submitting the job from /checkpoints/" in _call(compose, "logs", job), job
    _wait_for_the_stream(compose)
    _wait_for_the_lake(compose, 2 * EVENTS)
    assert "purpose" in _call(compose, "run", "--rm", "--no-deps", "lake-count")
    assert "hours:" in _call(compose, "run", "--rm", "--no-deps", "lake-compact")
