"""The commands as a user runs them: what they print, and how they end."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.producers.broker import Broker, running_broker
from tests.producers.test_kafka_sink import closed_port

LINE = '192.0.2.7 - - [17/May/2015:10:05:01 +0000] "GET /a HTTP/1.1" 200 12 "-" "agent/1"\n'
SMALL = ("--users", "20", "--listings", "20")


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        yield running


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "producers", *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, check=False, timeout=60)


def summary(printed: str) -> dict[str, str]:
    last = printed.splitlines()[-1]
    assert last.startswith("done: "), printed
    return dict(part.split("=") for part in last.removeprefix("done: ").split())


def test_generate_into_kafka(broker: Broker, tmp_path: Path) -> None:
    log = tmp_path / "send.log"
    servers = ("--bootstrap-servers", broker.servers, "--topic", "generated")
    done = run("generate", "--events", "300", *SMALL, *servers, "--send-log", str(log))
    assert done.returncode == 0, done.stderr
    assert summary(done.stderr)["delivered"] == "300"
    assert len(broker.read("generated", 300)) == 300
    assert log.stat().st_size == 300 * 24


def test_what_is_printed_is_enough_to_repeat_a_run() -> None:
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


@pytest.mark.parametrize(
    "arguments",
    [
        ("generate", "--events", "0"),
        ("generate", "--late", "0.7", "--duplicate", "0.7"),
        ("generate", "--start-time", "yesterday"),
        ("generate", "--start-time", "1960-01-01"),
        ("generate", "--start-time", "99999999999999999999"),
        ("replay", "no-such-file"),
        ("replay", __file__, "--rate", "1", "--speed", "1"),
    ],
)
def test_wrong_options_are_explained(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_broker_is_said_within_ten_seconds() -> None:
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


def test_undelivered_records_end_in_failure(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b'{"a":"' + b"x" * (3 * 1024 * 1024) + b'"}\n{"a":1}\n')
    done = run("replay", str(path), "--bootstrap-servers", broker.servers, "--topic", "undelivered")
    assert done.returncode == 1
    assert "error: 1 records were not delivered: MSG_SIZE_TOO_LARGE" in done.stderr
    assert summary(done.stderr)["delivered"] == "1"


def test_replay_counts_what_it_cannot_parse_and_shows_no_content(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(LINE + "203.0.113.9 secret\n" + LINE)
    arguments = ("replay", str(path), "--format", "combined", "--out", str(tmp_path / "out"))
    done = run(*arguments)
    assert done.returncode == 0
    assert "unparsable: line 2: not a combined log line" in done.stderr
    assert "203.0.113.9" not in done.stderr
    assert (summary(done.stderr)["sent"], summary(done.stderr)["unparsable"]) == ("2", "1")
    assert run(*arguments, "--strict").returncode == 1
    made = [json.loads(line) for line in (tmp_path / "out").read_bytes().splitlines()]
    assert [each["context"] for each in made] == [{"app_id": "web-log", "page_url": "https://www.example.org/a"}] * 2


def test_replay_into_kafka_keeps_the_log_s_time(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(LINE + LINE.replace("10:05:01", "10:05:31"))
    servers = ("--bootstrap-servers", broker.servers, "--topic", "replayed")
    start = time.monotonic()
    done = run("replay", str(path), "--format", "combined", "--speed", "60", *servers)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - start > 0.5
    times = sorted(message.timestamp()[1] for message in broker.read("replayed", 2))
    assert times == [1_431_857_101_000, 1_431_857_131_000]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_everything_sent(broker: Broker, number: signal.Signals) -> None:
    topic = f"stopped-{number}"
    # A batch waits so long that without a flush at the end nothing would arrive.
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


def test_a_reader_that_has_had_enough_is_no_error() -> None:
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
