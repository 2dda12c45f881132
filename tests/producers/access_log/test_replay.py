"""Replays: every line becomes a record with its original time."""

import bz2
import gzip
import json
import time
from pathlib import Path

import msgspec
import pytest

from contracts.events.raw import Attributes, RawEvent
from producers.access_log.formats import Format
from producers.access_log.replay import MAX_LISTED, ReadReport, event_ms
from tests.producers.access_log.made_log import BEGAN, CUT_OFF, LINES
from tests.producers.replayed import LINE, LINE_MS, records, written

NOW_MS = 1_800_000_000_000


def event(**times: object) -> bytes:
    return json.dumps({"event_id": "e-000001", "times": times}).encode()


@pytest.mark.parametrize(
    ("line", "ms"),
    [
        (event(dvce_created_tstamp=5, dvce_sent_tstamp=7), 7),
        (event(dvce_created_tstamp=5), 5),
        (event(dvce_created_tstamp=5, dvce_sent_tstamp=NOW_MS + 1), 5),
        (event(dvce_created_tstamp=NOW_MS + 1), None),
        (event(dvce_created_tstamp=True), None),
        (event(dvce_created_tstamp="5"), None),
        (event(dvce_created_tstamp=0), None),
        (event(dvce_created_tstamp=-5), None),
        (event(dvce_created_tstamp=5.5), None),
        (b'{"collector_tstamp":3,"times":{"dvce_sent_tstamp":7}}', 3),
        (b'{"collector_tstamp":"3","times":{"dvce_sent_tstamp":7}}', 7),
        (b'{"collector_tstamp":3}', 3),
        (b'{"times":[7]}', None),
        (b"[7]", None),
        (b"7", None),
        (b"", None),
        (b'{"times":{"dvce_sent_tstamp":7}', None),
        (b'{"a":"\xff","collector_tstamp":3}', None),
        (b"[" * 100_000, None),
    ],
)
def test_the_time_of_a_json_line(line: bytes, ms: int | None) -> None:
    assert event_ms(line, NOW_MS) == ms


def test_json_lines_are_sent_unchanged(tmp_path: Path) -> None:
    first, last = event(dvce_created_tstamp=1000), event(dvce_created_tstamp=900)
    lines = [b"no time yet", first, b"{broken", b"", b"\xff\xfe", b'{"a":1}\r', last]
    sent, report = records(written(tmp_path / "in", *lines), Format.NDJSON)
    assert [each.value for each in sent] == lines
    assert [each.timestamp_ms for each in sent] == [1000, 1000, 1000, 1000, 1000, 1000, 900]
    assert report == ReadReport(events=2)


def test_json_lines_without_any_time_get_the_current_time(tmp_path: Path) -> None:
    before = time.time_ns() // 1_000_000
    sent, _ = records(written(tmp_path / "in", b"a", b"{}"), Format.NDJSON)
    assert [each.value for each in sent] == [b"a", b"{}"]
    assert all(before <= each.timestamp_ms <= time.time_ns() // 1_000_000 for each in sent)


def test_the_last_line_needs_no_newline(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"{}\nb")
    sent, _ = records(tmp_path / "in", Format.NDJSON)
    assert [each.value for each in sent] == [b"{}", b"b"]


@pytest.mark.parametrize("log_format", [Format.NDJSON, Format.COMBINED])
def test_gzip(tmp_path: Path, log_format: Format) -> None:
    lines = [event(dvce_created_tstamp=n) for n in (1, 2)] if log_format is Format.NDJSON else [LINE % 1, LINE % 2]
    plain = written(tmp_path / "plain", *lines)
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert records(packed, log_format) == records(plain, log_format)
    assert len(records(packed, log_format)[0]) == 2


def test_a_truncated_gzip_file_is_read_up_to_the_cut(tmp_path: Path) -> None:
    lines = [event(dvce_created_tstamp=n, noise=n * 2_654_435_761 % 2**32) for n in range(1, 20_000)]
    packed = gzip.compress(b"\n".join(lines))
    (tmp_path / "cut.gz").write_bytes(packed[: len(packed) // 2])
    sent, report = records(tmp_path / "cut.gz", Format.NDJSON)
    assert 0 < len(sent) < len(lines)
    assert [each.value for each in sent] == lines[: len(sent)]
    assert report.broken_input is not None
    assert f"after line {len(sent)}" in report.broken_input


def test_lines_that_are_no_requests_are_counted_and_listed(tmp_path: Path) -> None:
    wrong = [b"203.0.113.9 is a person"] * (MAX_LISTED + 5)
    path = written(
        tmp_path / "in", LINE % 1, *wrong, b"", (LINE % 2).replace(b"May", b"Mai") + b"\r", (LINE % 3) + b"\r"
    )
    sent, report = records(path, Format.COMBINED)
    assert [each.timestamp_ms for each in sent] == [LINE_MS + 1000, LINE_MS + 3000]
    assert report.unparsable == MAX_LISTED + 6
    assert report.listed == [(n, "not an access log line") for n in range(2, MAX_LISTED + 2)]


@pytest.mark.parametrize("log_format", [Format.NDJSON, Format.COMBINED])
def test_shift_to_now_moves_the_latest_to_now(tmp_path: Path, log_format: Format) -> None:
    lines = [LINE % 1, LINE % 9, LINE % 4]
    if log_format is Format.NDJSON:
        lines = [event(dvce_created_tstamp=LINE_MS + n * 1000) for n in (1, 9, 4)] + [b"{broken"]
    before = time.time_ns() // 1_000_000
    sent, _ = records(written(tmp_path / "in", *lines), log_format, shift_to_now=True)
    first, latest, third = (each.timestamp_ms for each in sent[:3])
    assert before <= latest <= time.time_ns() // 1_000_000
    assert (latest - first, latest - third) == (8000, 5000)
    if log_format is Format.COMBINED:
        assert msgspec.json.decode(sent[0].value)["times"]["dvce_created_tstamp"] == first
    else:
        assert [each.value for each in sent] == lines


@pytest.mark.parametrize("log_format", [Format.NDJSON, Format.COMBINED])
def test_one_fast_clock_does_not_shift_the_other_records_into_the_past(tmp_path: Path, log_format: Format) -> None:
    before = time.time_ns() // 1_000_000
    ahead = (LINE % 2).replace(b"2015", b"2098")
    lines = [LINE % 1, ahead, LINE % 9]
    if log_format is Format.NDJSON:
        lines = [event(dvce_created_tstamp=at_ms) for at_ms in (LINE_MS + 1000, 4_000_000_000_000, LINE_MS + 9000)]
    sent, _ = records(written(tmp_path / "in", *lines), log_format, shift_to_now=True)
    times = [each.timestamp_ms for each in sent]
    assert times[2] - times[0] == 8000
    assert before <= times[2] <= time.time_ns() // 1_000_000
    assert times[1] <= times[2]


def test_a_whole_log(access_log: Path) -> None:
    sent, report = records(access_log, Format.AUTO)
    assert len(sent) == LINES - 1
    assert report.listed == [(CUT_OFF, "not an access log line")]
    assert report.layouts == {"combined": LINES - 1}
    ids = set()
    for record in sent:
        made = msgspec.json.decode(record.value, type=RawEvent)
        msgspec.json.decode(made.attributes, type=Attributes)
        assert made.times.dvce_created_tstamp == record.timestamp_ms
        ids.add(made.event_id)
    assert len(ids) == len(sent)
    assert min(each.timestamp_ms for each in sent) == round(BEGAN.timestamp() * 1000)


def test_a_log_with_a_damaged_end_can_be_shifted_to_now(tmp_path: Path) -> None:
    packed = bz2.compress(b"\n".join([LINE % 1, LINE % 3]) + b"\n")
    (tmp_path / "in").write_bytes(packed + packed[:-4])
    before = time.time_ns() // 1_000_000
    sent, report = records(tmp_path / "in", Format.AUTO, shift_to_now=True)
    assert report.broken_input is not None
    assert sent[1].timestamp_ms >= before
    assert sent[1].timestamp_ms - sent[0].timestamp_ms == 2_000
