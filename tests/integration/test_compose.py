"""``docker compose up`` for real: enriched events, a balanced ledger, and both again after a kill in mid-stream."""

import os
import socket
import subprocess
from collections.abc import Iterator

import pytest
from testcontainers.compose import DockerCompose

from local_stack.paths import PROJECT
from tests.deploy.test_compose_file import compose_missing

EVENTS = 4_000
RATE = 100
_UP_S = 900


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
    """The default services under a name and on ports of their own, so that a running one is left alone."""
    if reason := _reason_to_skip():
        pytest.skip(reason)
    settings = {
        "COMPOSE_PROJECT_NAME": f"clickstream-test-{os.getpid()}",
        "KAFKA_PORT": str(_free_port()),
        "LOOKUP_PORT": str(_free_port()),
        "FLINK_PORT": str(_free_port()),
        "REPLAY_EVENTS": str(EVENTS),
        "REPLAY_RATE": str(RATE),
        "USERS": "2000",
        "LISTINGS": "5000",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    running = DockerCompose(str(PROJECT), build=True, wait=True)
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


@pytest.mark.timeout(_UP_S)
def test_a_killed_task_manager_loses_and_doubles_nothing(compose: DockerCompose) -> None:
    replay = _call(compose, "ps", "-q", "replay").strip()
    assert replay, "the stream is over before the kill"
    _call(compose, "kill", "taskmanager")
    _call(compose, "up", "-d", "--no-recreate", "--no-build", "taskmanager")
    subprocess.run(["docker", "wait", replay], capture_output=True, timeout=_UP_S, check=True)
    said = _call(compose, "run", "--rm", "--no-deps", "audit")
    assert f"Balanced: all {EVENTS:,} raw records have exactly one outcome." in said
    assert "Sample 3" in said
