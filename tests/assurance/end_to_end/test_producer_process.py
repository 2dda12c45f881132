"""The producer of a replay: Ctrl-C is forwarded once, and the producer never outlives the replay."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deploy.paths import PROJECT

pytestmark = pytest.mark.servers

REPLAY = """
import sys
from assurance.end_to_end.producer_process import Interruption, send
interruption = Interruption()
code = send(sys.argv[1:], interruption, lambda line: print(line, file=sys.stderr, flush=True))
print(f"ended {code} {interruption.requested}", file=sys.stderr, flush=True)
"""


def started(out: Path) -> subprocess.Popen[str]:
    """A process that sends an endless stream. Returns once the first events are sent."""
    endless = ["generate", "--events", "100000", "--rate", "500", "--users", "20", "--listings", "20"]
    process = subprocess.Popen(
        [sys.executable, "-c", REPLAY, *endless, "--out", str(out)], cwd=PROJECT, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert any(line.startswith("progress: sent=") for line in iter(process.stderr.readline, ""))
    return process


def producer_of(process: subprocess.Popen[str]) -> psutil.Process:
    (child,) = [each for each in psutil.Process(process.pid).children() if "producers" in each.cmdline()]
    return child


def test_ctrl_c_lets_the_producer_flush_and_report(tmp_path: Path) -> None:
    with started(tmp_path / "out") as process:
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        printed = process.stderr.read()
        assert process.wait(timeout=30) == 0
    assert "interrupted: waiting for the outcomes of the events sent so far" in printed
    assert "interrupted by SIGINT" in printed
    assert "ended 130 True" in printed
    assert "Traceback" not in printed


def test_a_second_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    with started(tmp_path / "out") as process:
        assert process.stderr is not None
        producer = producer_of(process)
        producer.suspend()  # so that it cannot end before the second Ctrl-C
        process.send_signal(signal.SIGINT)
        # A progress line of the producer may come first.
        assert any("Ctrl-C again" in line for line in iter(process.stderr.readline, ""))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) != 0
        assert not producer.is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills a process with its parent")
def test_the_producer_dies_with_a_replay_that_is_killed(tmp_path: Path) -> None:
    with started(tmp_path / "out") as process:
        producer = producer_of(process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
        deadline = time.monotonic() + 10
        while producer.is_running() and producer.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, "the producer is still alive"
            time.sleep(0.05)
