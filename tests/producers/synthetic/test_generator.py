"""The whole stream: reproducible from its seed, with the expected sizes and defect rates."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise
from math import sqrt

import msgspec
import pytest

from contracts.events.raw import MAX_BYTES, Attributes, RawEvent
from contracts.topics import RAW
from producers.record import Kind, Record
from producers.synthetic.defect_rates import DefectRates
from producers.synthetic.generator import DISORDER_MS, LATE_MS, GeneratorSettings, generate
from producers.synthetic.marketplace import Marketplace
from tests.producers.conftest import EVENTS, LISTINGS, START_MS, USERS

SOUND: tuple[Kind, ...] = ("event", "late", "duplicate")
STREAM_SHA256 = "2875e8b78d0639121ece71ad21447bc1cd9c93809d793f8132334b09dcbd4c55"
"""Of the stream that the tests use. Figures and reports name streams by their seeds, so a change must be intended."""
NO_DEFECTS = DefectRates(malformed=0, oversized=0, wrong_schema=0, duplicate=0, late=0)


def printed(seed: int, hash_seed: str) -> bytes:
    options = f"--events 3000 --seed {seed} --start-time {START_MS} --users 50 --listings 50 --oversized 0.001 --out -"
    return subprocess.run(
        [sys.executable, "-m", "producers", "generate", *options.split()],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    ).stdout


@pytest.mark.servers
def test_same_seed_same_bytes_in_any_process() -> None:
    first = printed(seed=7, hash_seed="1")
    assert first.count(b"\n") == 3000
    assert printed(seed=7, hash_seed="2") == first
    assert printed(seed=8, hash_seed="1") != first


def test_a_longer_stream_begins_with_the_shorter_one(marketplace: Marketplace, stream: list[Record]) -> None:
    settings = GeneratorSettings(start_ms=START_MS, events=None, users=USERS, listings=LISTINGS)
    assert list(islice(generate(settings, marketplace), 2_000)) == stream[:2_000]


def test_average_size(stream: list[Record]) -> None:
    assert 1_100 <= sum(len(record.value) for record in stream) / len(stream) <= 1_300


def test_the_kinds_occur_at_the_default_defect_rates(stream: list[Record]) -> None:
    counts = Counter(record.kind for record in stream)
    defaults: dict[Kind, float] = {
        "malformed": 0.002,
        "oversized": 0.0002,
        "wrong_schema": 0.002,
        "duplicate": 0.005,
        "late": 0.001,
    }
    for kind, rate in defaults.items():
        expected = EVENTS * rate
        assert abs(counts[kind] - expected) <= 4 * sqrt(expected), kind
    assert counts.total() == EVENTS


def test_defect_rates_are_options(marketplace: Marketplace) -> None:
    settings = GeneratorSettings(start_ms=START_MS, events=500, defect_rates=NO_DEFECTS)
    assert {record.kind for record in generate(settings, marketplace)} == {"event"}
    only_late = GeneratorSettings(start_ms=START_MS, events=500, defect_rates=replace(NO_DEFECTS, late=1.0))
    assert {record.kind for record in generate(only_late, marketplace)} == {"late"}


@pytest.mark.parametrize("defect_rates", [{"late": 1.5}, {"late": -0.1}, {"late": 0.6, "duplicate": 0.6}])
def test_impossible_defect_rates_are_rejected(defect_rates: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="defect rates"):
        DefectRates(**defect_rates)


def test_valid_events_meet_the_contract(stream: list[Record]) -> None:
    sound = [record for record in stream if record.kind in SOUND]
    for record in sound:
        event = msgspec.json.decode(record.value, type=RawEvent)
        msgspec.json.decode(event.attributes, type=Attributes)
        assert len(record.value) <= MAX_BYTES
    assert len(sound) > 0.99 * EVENTS


def test_malformed_records_are_not_json(stream: list[Record]) -> None:
    broken = [record.value for record in stream if record.kind == "malformed"]
    for value in broken:
        with pytest.raises(ValueError, match=r".*"):
            msgspec.json.decode(value)
    assert any(not value.isascii() for value in broken)


def test_no_record_is_empty_or_has_a_newline(stream: list[Record]) -> None:
    assert not any(b"\n" in record.value or not record.value for record in stream)


def test_wrong_schema_records_are_json_but_not_raw_events(stream: list[Record]) -> None:
    faults = set()
    for record in stream:
        if record.kind == "wrong_schema":
            assert isinstance(msgspec.json.decode(record.value), dict)
            with pytest.raises(msgspec.ValidationError) as fault:
                msgspec.json.decode(record.value, type=RawEvent)
            faults.add(str(fault.value))
    assert len(faults) == 8


def test_oversized_records_are_valid_but_too_long(stream: list[Record]) -> None:
    oversized = [record.value for record in stream if record.kind == "oversized"]
    assert oversized
    for value in oversized:
        msgspec.json.decode(value, type=RawEvent)
        assert MAX_BYTES < len(value) < RAW.max_message_bytes


def test_duplicates_repeat_a_recent_record(stream: list[Record]) -> None:
    seen: dict[bytes, int] = {}
    for place, record in enumerate(stream):
        if record.kind == "duplicate":
            assert place - seen[record.value] < 250
        elif record.kind in SOUND:
            assert record.value not in seen
            seen[record.value] = place


def test_event_ids_are_unique(stream: list[Record]) -> None:
    ids = [msgspec.json.decode(record.value)["event_id"] for record in stream if record.kind in ("event", "late")]
    assert len(set(ids)) == len(ids)


def test_only_late_records_are_hours_behind(stream: list[Record]) -> None:
    for place, record in enumerate(stream):
        behind = START_MS + place - record.timestamp_ms  # 1000 records a second: one a millisecond
        if record.kind == "late":
            assert behind == LATE_MS
        else:
            assert 0 <= behind < DISORDER_MS
    assert any(earlier.timestamp_ms > later.timestamp_ms for earlier, later in pairwise(stream))


def test_the_stream_of_a_seed_stays_as_it_is(stream: list[Record]) -> None:
    digest = hashlib.sha256()
    for record in stream:
        digest.update(b"%d %b %b\n" % (record.timestamp_ms, record.kind.encode(), record.value))
    assert digest.hexdigest() == STREAM_SHA256


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_a_share_of_the_server_events_has_no_browser_and_nothing_else_changes(
    marketplace: Marketplace, share: float
) -> None:
    complete = GeneratorSettings(start_ms=START_MS, events=20_000, users=USERS, defect_rates=NO_DEFECTS)
    changed = replace(complete, server_without_browser=share)
    server_events = without_browser = 0
    for before, after in zip(generate(complete, marketplace), generate(changed, marketplace), strict=True):
        expected = msgspec.json.decode(before.value)
        on_server = expected["context"]["app_id"] == "market-backend"
        server_events += on_server
        if after != before:
            without_browser += 1
            assert on_server
            assert "user_id" in expected["actor"]
            del expected["actor"]["domain_userid"], expected["actor"]["domain_sessionid"]
            assert (msgspec.json.decode(after.value), after.timestamp_ms) == (expected, before.timestamp_ms)
    assert server_events > 500
    assert without_browser == pytest.approx(share * server_events, rel=0 if share == 1 else 0.15)
