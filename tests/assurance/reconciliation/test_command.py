"""The command and the collector without a broker: real processes, real sockets."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from assurance.reconciliation.collecting.collector import TopicCollector
from common.kafka.topic_reader import TopicUnavailable
from contracts.topics import ANALYTICS

pytestmark = pytest.mark.servers


@pytest.fixture
def unused_address() -> str:
    """A loopback address on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def test_an_unreachable_broker_is_one_line_and_exit_code_2(unused_address: str, tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    command = [
        sys.executable,
        "-m",
        "assurance.reconciliation",
        "audit",
        "--bootstrap-servers",
        unused_address,
        "--summary",
        str(summary),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == f"ledger: no answer from the Kafka broker at {unused_address}\n"
    assert not summary.exists()


def test_a_wrong_option_is_refused() -> None:
    command = [
        sys.executable,
        "-m",
        "assurance.reconciliation",
        "audit",
        "--bootstrap-servers",
        "127.0.0.1:1",
        "--wait-idle",
        "-1",
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "--wait-idle" in ended.stderr


def test_a_collector_without_a_broker_raises_and_leaves_no_process(unused_address: str, tmp_path: Path) -> None:
    collector = TopicCollector(
        unused_address, [ANALYTICS.name], isolation="read_committed", file=tmp_path / "receipts.jsonl"
    )
    with pytest.raises(TopicUnavailable, match=f"no answer from the Kafka broker at {unused_address}"):
        collector.start()
    assert collector.pid is None
    with pytest.raises(TopicUnavailable, match="the collector failed, exit code 2"):
        collector.observed_records()
