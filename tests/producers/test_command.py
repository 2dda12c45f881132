"""The commands as a user runs them: what they print, and how they end."""

import bz2
import gzip
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.paths import PROJECT
from tests.producers.broker import Broker, running_broker
from tests.producers.delivery.test_kafka_sink import closed_port

pytestmark = pytest.mark.servers

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
    arguments = ("replay", str(path), "--format", "ndjson", "--topic", "undelivered")
    done = run(*arguments, "--bootstrap-servers", broker.servers)
    assert done.returncode == 1
    assert "error: 1 records were not delivered: MSG_SIZE_TOO_LARGE" in done.stderr
    assert summary(done.stderr)["delivered"] == "1"


def test_replay_counts_what_it_cannot_parse_and_shows_no_content(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(LINE + "203.0.113.9 secret\n" + LINE)
    arguments = ("replay", str(path), "--format", "combined", "--out", str(tmp_path / "out"))
    done = run(*arguments)
    assert done.returncode == 0
    assert "unparsable: line 2: not an access log line" in done.stderr
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


README = PROJECT / "README.md"


@pytest.mark.parametrize(
    ("content", "log_format", "said"),
    [
        (README.read_bytes(), "auto", "text of another kind"),
        (README.read_bytes(), "ndjson", "text of another kind"),
        (b"", "auto", "in.md is empty"),
        (b"", "ndjson", "in.md is empty"),
        (bz2.compress(b""), "auto", "in.md is empty"),
        (LINE.encode(), "ndjson", "an access log in the layout combined"),
        (f"shop.example:443 {LINE}".encode(), "w3c", "an access log in the layout vhost_combined"),
        (b'{"schema":"clickstream.raw/1"}', "combined", "raw events"),
        (b'{"a":1}', "auto", "JSON objects that are no raw events"),
        (b"PK\x03\x04 and so on", "auto", "a zip archive"),
        (b"BZh9 but not really", "auto", "in.md cannot be read after line 0"),
        (b"203.0.113.9 half a line", "combined", "text of another kind"),
    ],
)
def test_a_file_that_is_not_understood_is_named_and_nothing_of_it_is_sent(
    tmp_path: Path, content: bytes, log_format: str, said: str
) -> None:
    path, out = tmp_path / "in.md", tmp_path / "out"
    path.write_bytes(content)
    done = run("replay", str(path), "--format", log_format, "--out", str(out))
    assert done.returncode == 1
    assert said in done.stderr
    assert "203.0.113.9" not in done.stderr
    assert not out.exists()


def test_objects_that_are_no_events_are_sent_and_said_to_be_none(tmp_path: Path) -> None:
    path, out = tmp_path / "in", tmp_path / "out"
    path.write_bytes(b'{"a":1}\n')
    done = run("replay", str(path), "--format", "ndjson", "--out", str(out))
    assert (done.returncode, out.read_bytes()) == (1, path.read_bytes())
    assert "error: no line of in is an event" in done.stderr


def test_the_layout_is_told_and_printed(tmp_path: Path) -> None:
    path = tmp_path / "my log"
    path.write_bytes(bz2.compress((f"shop.example:443 {LINE}" * 3 + LINE).encode()))
    done = run("replay", str(path), "--out", "-", "--strict")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == "layout: vhost_combined"
    assert "layouts: vhost_combined 3, combined 1" in done.stderr
    urls = [json.loads(line)["context"]["page_url"] for line in done.stdout.splitlines()]
    assert urls == ["https://shop.example/a"] * 3 + ["https://www.example.org/a"]


def test_raw_events_are_told_too(tmp_path: Path) -> None:
    path, out = tmp_path / "in", tmp_path / "out"
    assert run("generate", "--events", "300", *SMALL, "--out", str(path)).returncode == 0
    done = run("replay", str(path), "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "layout: ndjson" in done.stderr
    assert out.read_bytes() == path.read_bytes()


def test_a_cut_off_file_is_said_with_what_was_read_of_it(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(gzip.compress(LINE.encode() * 3) + gzip.compress(LINE.encode())[:-9])
    done = run("replay", str(path), "--out", "-")
    assert done.returncode == 1
    assert "error: in cannot be read after line 4: it ends too early" in done.stderr
    assert summary(done.stderr)["sent"] == "4"


def old_log_beside_new_events(broker: Broker, tmp_path: Path, topic: str) -> tuple[str, ...]:
    """The arguments of a replay of two old lines into a topic that has events of today."""
    servers = ("--bootstrap-servers", broker.servers, "--topic", topic)
    assert run("generate", "--events", "50", *SMALL, *servers).returncode == 0
    path = tmp_path / "access.log"
    path.write_text(LINE + LINE.replace("10:05:01", "10:25:31"))
    return ("replay", str(path), *servers)


def test_an_old_log_beside_new_events_is_told_before_anything_is_sent(broker: Broker, tmp_path: Path) -> None:
    arguments = old_log_beside_new_events(broker, tmp_path, "told")
    done = run(*arguments)
    assert done.returncode == 2
    for option in ("--shift-to-now", "--dated-now", "--keep-times"):
        assert option in done.stderr
    assert "done:" not in done.stderr
    assert run(*arguments, "--keep-times").returncode == 0
    assert summary(run(*arguments, "--shift-to-now").stderr)["delivered"] == "2"


def test_an_old_log_can_be_dated_as_it_is_sent(broker: Broker, tmp_path: Path) -> None:
    arguments = old_log_beside_new_events(broker, tmp_path, "dated")
    began = time.time()
    done = run(*arguments, "--dated-now", "--speed", "1200")
    assert done.returncode == 0, done.stderr
    assert time.time() - began > 1
    sent = [each for each in broker.read("dated", 52) if b"http_request" in (each.value() or b"")]
    assert len(sent) == 2
    for message in sent:
        at_ms = message.timestamp()[1]
        assert began * 1000 <= at_ms <= time.time() * 1000
        assert json.loads(message.value())["times"]["dvce_created_tstamp"] == at_ms


def test_a_log_that_is_not_older_than_the_topic_is_sent(broker: Broker, tmp_path: Path) -> None:
    arguments = old_log_beside_new_events(broker, tmp_path, "same")
    now = datetime.now(UTC)
    Path(arguments[1]).write_text(LINE.replace("17/May/2015:10:05:01", f"{now:%d/%b/%Y:%H:%M:%S}"))
    assert run(*arguments).returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("what", ["generate", "replay"])
def test_an_interrupted_run_says_so_and_does_not_end_with_0(
    tmp_path: Path, number: signal.Signals, code: int, what: str
) -> None:
    path, out = tmp_path / "access.log", tmp_path / "out"
    path.write_text(LINE * 20_000)
    source = [str(path)] if what == "replay" else ["--events", "20000", *SMALL]
    arguments = command(what, *source, "--rate", "500", "--out", str(out))
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            lines = iter(process.stderr.readline, "")
            assert any(line.startswith("progress: sent=") for line in lines)
            process.send_signal(number)
            printed = process.stderr.read()
            assert process.wait(timeout=30) == code
        finally:
            if process.poll() is None:
                process.kill()
    assert f"interrupted by {number.name}" in printed
    last = printed.splitlines()[-1]
    assert last.startswith("interrupted: sent=")
    assert len(out.read_bytes().splitlines()) == int(last.split()[1].removeprefix("sent="))
