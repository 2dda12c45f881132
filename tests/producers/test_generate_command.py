"""The command ``generate`` as a user runs it: what it prints and sends, and its exit code."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.producers.broker import Broker, running_broker
from tests.producers.command_run import SMALL, command, run, summary
from tests.producers.delivery.test_kafka_sink import closed_port

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        yield running


def test_generate_into_kafka(broker: Broker, tmp_path: Path) -> None:
    log = tmp_path / "send.log"
    servers = ("--bootstrap-servers", broker.servers, "--topic", "generated")
    done = run("generate", "--events", "300", *SMALL, *servers, "--send-log", str(log))
    assert done.returncode == 0, done.stderr
    assert summary(done.stderr)["delivered"] == "300"
    assert len(broker.read("generated", 300)) == 300
    assert log.stat().st_size == 300 * 24


def test_the_printed_options_reproduce_a_run() -> None:
    first = run("generate", "--events", "50", *SMALL, "--seed", "3", "--out", "-")
    printed = re.search(r"seed=(\d+) start_time=(\d+) event_rate=(\d+)", first.stderr)
    assert printed is not None
    options = ("--seed", printed[1], "--start-time", printed[2], "--event-rate", printed[3])
    assert run("generate", "--events", "50", *SMALL, *options, "--out", "-").stdout == first.stdout


def test_at_full_speed_the_stream_ends_now(tmp_path: Path) -> None:
    before = time.time()
    done = run("generate", "--events", "100", "--event-rate", "1", *SMALL, "--out", str(tmp_path / "out"))
    started = re.search(r"start_time=(\d+)", done.stderr)
    assert started is not None
    assert before <= int(started[1]) / 1000 + 100 <= time.time()


def test_start_time_may_be_iso_8601() -> None:
    options = ("--events", "5", *SMALL, "--out", "-", "--start-time")
    written = run("generate", *options, "2026-01-01T01:00:00+01:00").stdout
    assert written == run("generate", *options, "2026-01-01T00:00:00").stdout
    assert written == run("generate", *options, "1767225600000").stdout != ""


def test_attacks_come_with_their_truth(tmp_path: Path) -> None:
    options = ("--events", "400", "--users", "3000", "--listings", "20", "--attacks", "6", "--history-days", "5")
    kept = ("--oversized", "0", "--malformed", "0", "--wrong-schema", "0", "--duplicate", "0", "--late", "0")
    done = run("generate", *options, *kept, "--out", str(tmp_path / "out"), "--truth", str(tmp_path / "truth"))
    assert done.returncode == 0, done.stderr
    events = {each["event_id"]: each for each in map(msgspec.json.decode, (tmp_path / "out").read_bytes().splitlines())}
    truth = [msgspec.json.decode(line) for line in (tmp_path / "truth").read_bytes().splitlines()]
    assert len({line["scenario"] for line in truth if line["scenario"]}) == 6
    assert len(truth) == len({line["event_id"] for line in truth} & events.keys()) > 3_000
    assert sum(line["kind"] == "history" for line in truth) > 3_000
    assert int(summary(done.stderr)["delivered"]) == len(events) > len(truth)


def test_at_a_rate_the_past_is_sent_before_the_dates_begin() -> None:
    options = ("--events", "50", "--users", "3000", "--listings", "20", "--history-days", "5", "--rate", "4000")
    before = time.time()
    done = run("generate", *options, "--out", "-")
    started = re.search(r"start_time=(\d+)", done.stderr)
    assert started is not None
    past = len(done.stdout.splitlines()) - 50
    assert past > 3_000
    assert before + past / 4_000 <= int(started[1]) / 1000 <= time.time()


def test_an_unreachable_broker_is_reported_within_ten_seconds() -> None:
    start = time.monotonic()
    done = run("generate", "--events", "10", "--bootstrap-servers", f"127.0.0.1:{closed_port()}")
    assert time.monotonic() - start < 10
    assert done.returncode == 2
    assert done.stderr.startswith("error: no Kafka broker at 127.0.0.1:")
    assert len(done.stderr.splitlines()) == 1


def test_an_output_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    done = run("generate", "--events", "10", *SMALL, "--out", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_everything_sent(broker: Broker, number: signal.Signals) -> None:
    topic = f"stopped-{number}"
    # Batches linger so long that without a flush at the end no record would be delivered.
    options = ("--events", "0", "--rate", "200", *SMALL, "--linger-ms", "10000", "--topic", topic)
    with subprocess.Popen(
        command("generate", *options, "--bootstrap-servers", broker.servers), stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            lines = iter(process.stderr.readline, "")
            assert any(line.startswith("progress: sent=") for line in lines)
            process.send_signal(number)
            printed = process.stderr.read()
            assert process.wait(timeout=30) == 0
        finally:
            if process.poll() is None:
                process.kill()
    sent = int(summary(printed)["sent"])
    assert sent > 100
    assert len(broker.read(topic, sent)) == sent


def test_a_reader_that_closes_the_pipe_is_no_error() -> None:
    with subprocess.Popen(
        command("generate", "--events", "20000", *SMALL, "--out", "-"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        printed = process.stderr.read().decode()
        assert process.wait(timeout=30) == 0
    assert "Traceback" not in printed
    assert "BrokenPipe" not in printed
