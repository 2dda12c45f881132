"""The command ``replay`` as a user runs it: what it prints and sends, and its exit code."""

import bz2
import gzip
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.paths import PROJECT
from tests.producers.broker import Broker, running_broker
from tests.producers.command_run import LINE, SMALL, run, summary

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        yield running


def test_undelivered_records_give_a_failing_exit_code(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b'{"a":"' + b"x" * (3 * 1024 * 1024) + b'"}\n{"a":1}\n')
    arguments = ("replay", str(path), "--format", "ndjson", "--topic", "undelivered")
    done = run(*arguments, "--bootstrap-servers", broker.servers)
    assert done.returncode == 1
    assert "error: 1 records were not delivered: MSG_SIZE_TOO_LARGE" in done.stderr
    assert summary(done.stderr)["delivered"] == "1"


def test_replay_counts_unparsable_lines_and_shows_no_content(tmp_path: Path) -> None:
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
def test_a_file_in_no_known_format_is_described_and_not_sent(
    tmp_path: Path, content: bytes, log_format: str, said: str
) -> None:
    path, out = tmp_path / "in.md", tmp_path / "out"
    path.write_bytes(content)
    done = run("replay", str(path), "--format", log_format, "--out", str(out))
    assert done.returncode == 1
    assert said in done.stderr
    assert "203.0.113.9" not in done.stderr
    assert not out.exists()


def test_objects_that_are_no_events_are_sent_and_reported(tmp_path: Path) -> None:
    path, out = tmp_path / "in", tmp_path / "out"
    path.write_bytes(b'{"a":1}\n')
    done = run("replay", str(path), "--format", "ndjson", "--out", str(out))
    assert (done.returncode, out.read_bytes()) == (1, path.read_bytes())
    assert "error: no line of in is an event" in done.stderr


def test_the_layout_is_detected_and_printed(tmp_path: Path) -> None:
    path = tmp_path / "my log"
    path.write_bytes(bz2.compress((f"shop.example:443 {LINE}" * 3 + LINE).encode()))
    done = run("replay", str(path), "--out", "-", "--strict")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == "layout: vhost_combined"
    assert "layouts: vhost_combined 3, combined 1" in done.stderr
    urls = [json.loads(line)["context"]["page_url"] for line in done.stdout.splitlines()]
    assert urls == ["https://shop.example/a"] * 3 + ["https://www.example.org/a"]


def test_raw_events_are_recognised(tmp_path: Path) -> None:
    path, out = tmp_path / "in", tmp_path / "out"
    assert run("generate", "--events", "300", *SMALL, "--out", str(path)).returncode == 0
    done = run("replay", str(path), "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "layout: ndjson" in done.stderr
    assert out.read_bytes() == path.read_bytes()


def test_a_truncated_file_is_reported_with_the_number_of_lines_read(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(gzip.compress(LINE.encode() * 3) + gzip.compress(LINE.encode())[:-9])
    done = run("replay", str(path), "--out", "-")
    assert done.returncode == 1
    assert "error: in cannot be read after line 4: it ends too early" in done.stderr
    assert summary(done.stderr)["sent"] == "4"


def old_log_beside_new_events(broker: Broker, tmp_path: Path, topic: str) -> tuple[str, ...]:
    """The arguments for replaying two old lines into a topic that has today's events."""
    servers = ("--bootstrap-servers", broker.servers, "--topic", topic)
    assert run("generate", "--events", "50", *SMALL, *servers).returncode == 0
    path = tmp_path / "access.log"
    path.write_text(LINE + LINE.replace("10:05:01", "10:25:31"))
    return ("replay", str(path), *servers)


def test_an_old_log_for_a_topic_with_new_events_is_reported_before_anything_is_sent(
    broker: Broker, tmp_path: Path
) -> None:
    arguments = old_log_beside_new_events(broker, tmp_path, "told")
    done = run(*arguments)
    assert done.returncode == 2
    for option in ("--shift-to-now", "--dated-now", "--keep-times"):
        assert option in done.stderr
    assert "done:" not in done.stderr
    assert run(*arguments, "--keep-times").returncode == 0
    assert summary(run(*arguments, "--shift-to-now").stderr)["delivered"] == "2"


def test_an_old_log_can_get_the_times_at_which_it_is_sent(broker: Broker, tmp_path: Path) -> None:
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


def test_the_visitors_of_a_log_by_the_salt_which_is_never_printed(tmp_path: Path) -> None:
    path, salt = tmp_path / "access.log", "a secret of the tests"
    path.write_text(LINE)

    def visitor(*options: str) -> str:
        done = run("replay", str(path), "--out", "-", *options)
        assert done.returncode == 0, done.stderr
        assert salt not in done.stderr + done.stdout
        assert "192.0.2.7" not in done.stderr
        return str(json.loads(done.stdout)["actor"]["domain_userid"])

    assert visitor("--visitor-salt", salt) == visitor("--visitor-salt", salt)
    assert visitor() != visitor()
    refused = run("replay", str(path), "--out", "-", "--visitor-salt", "guessable")
    assert refused.returncode == 2
    assert "guessable" not in refused.stderr
