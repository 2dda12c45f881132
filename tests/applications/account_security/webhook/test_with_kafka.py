"""The program with a real broker and a real receiver: once with a cool-down, also over a restart, and nothing lost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from common.kafka.topics import create_topics
from contracts.fixed_topics import VERDICTS
from contracts.security.verdicts import Verdict
from deploy.paths import PROJECT
from local_stack.kafka.broker import Kafka
from local_stack.processes.orphans import PidRegistry
from tests.applications.account_security.webhook.receiver import SECRET, Receiver
from tests.applications.account_security.webhook.verdicts import verdict

pytestmark = pytest.mark.integration
COMMAND = [sys.executable, "-m", "applications.account_security.webhook"]


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[Kafka]:
    broker = Kafka(tmp_path / "run", registry=PidRegistry(tmp_path / "pids"))
    try:
        broker.start()
        with AdminClient({"bootstrap.servers": broker.bootstrap_servers}) as admin:
            create_topics(admin, [VERDICTS], partitions=2, replication=1)
        yield broker
    finally:
        broker.stop()


def test_a_restart_repeats_nothing_and_loses_nothing(kafka: Kafka) -> None:
    now = time.time_ns() // 1_000_000
    with Receiver() as receiver:
        running = _start(kafka, receiver)
        _send(kafka, [verdict("a1", subject="a", at=now), verdict("a2", subject="a", at=now + 1)])
        _send(kafka, [verdict("b1", subject="b", decision="allow", at=now), verdict("c1", subject="c", at=now)])
        _wait(receiver, 2)
        assert _end(running) == 0
        assert sorted(receiver.ids) == ["a1", "c1"]

        # The receiver fails while the program ends: the verdict is delivered after the restart.
        receiver.answers[:] = [500] * 100
        running = _start(kafka, receiver)
        _send(kafka, [verdict("a3", subject="a", at=now + 2), verdict("d1", subject="d", at=now)])
        _wait(receiver, 3)
        assert _end(running) == 0
        assert set(receiver.ids[2:]) == {"d1"}
        tried = len(receiver.got)

        receiver.answers.clear()
        running = _start(kafka, receiver)
        _send(kafka, [verdict("a4", subject="a", at=now + 3), verdict("e1", subject="e", at=now)])
        _wait(receiver, tried + 2)
        time.sleep(1)
        assert _end(running) == 0
        assert sorted(receiver.ids[tried:]) == ["d1", "e1"]


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [({"WEBHOOK_URL": ""}, 0, "off"), ({"WEBHOOK_SECRET": "zq"}, 2, "WEBHOOK_SECRET")],
)
def test_it_says_why_it_does_not_run(changed: dict[str, str], code: int, words: str) -> None:
    environment = {**os.environ, "WEBHOOK_URL": "http://127.0.0.1:1/", "WEBHOOK_SECRET": SECRET, **changed}
    done = subprocess.run(COMMAND, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert words in done.stderr
    assert "zq" not in done.stderr


def _start(kafka: Kafka, receiver: Receiver) -> subprocess.Popen[bytes]:
    settings = {
        "WEBHOOK_URL": receiver.url,
        "WEBHOOK_SECRET": SECRET,
        "WEBHOOK_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "WEBHOOK_START": "earliest",
        "WEBHOOK_FIRST_WAIT_S": "0.2",
        "WEBHOOK_ATTEMPTS": "100",
    }
    return subprocess.Popen(COMMAND, cwd=PROJECT, env={**os.environ, **settings})


def _end(running: subprocess.Popen[bytes]) -> int:
    running.send_signal(signal.SIGTERM)
    return running.wait(20)


def _send(kafka: Kafka, verdicts: list[Verdict]) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    for each in verdicts:
        producer.produce(VERDICTS.name, msgspec.json.encode(each), each.subject_id)
    assert producer.flush(10) == 0


def _wait(receiver: Receiver, number: int) -> None:
    deadline = time.monotonic() + 40
    while len(receiver.got) < number:
        assert time.monotonic() < deadline, f"{receiver.ids} of {number}"
        time.sleep(0.1)
