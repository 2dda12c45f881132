"""The operator without a cluster: the mirror, what a bug costs, timers. Flink's state is dictionaries here."""

from collections.abc import Sequence
from typing import Any, Self

import msgspec
import pytest

from applications.behaviour import operator
from applications.behaviour.config import Config, FeaturesConfig, JobGroup, PrivacyConfig, SessionsConfig, SinkConfig
from applications.behaviour.operator import BehaviourOperator, NotKeyedByVisitorError
from applications.behaviour.sessions.sessions import Sessions
from applications.behaviour.visitors.messages import Forwarded, pack_message
from common.flink.fault_guard import MOST_IN_A_ROW, NotTheRecordsFaultError
from common.flink.property_groups import KafkaConfig
from contracts.fixed_topics import SESSIONIZED, SESSIONS, SESSIONS_LATE
from tests.applications import fake_flink
from tests.applications.behaviour.keys_in_memory import browser_event
from tests.applications.behaviour.visitors_of import HOUR, T

CONFIG = Config(
    job=JobGroup(mirrored_visitors=4),
    kafka=KafkaConfig(bootstrap_servers="127.0.0.1:9092"),
    sessions=SessionsConfig(),
    features=FeaturesConfig(publish_ms=1_000),
    privacy=PrivacyConfig(),
    sink=SinkConfig(),
)


class Flink(fake_flink.Flink):
    """``values`` and ``chunks`` are what is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.watermark = -(2**63)
        self.chunks: dict[tuple[str, int], bytes] = {}
        self.event_timers: list[tuple[str, int]] = []
        self.clock_timers: list[tuple[str, int]] = []

    def get_map_state(self, _: object) -> Self:
        return self

    def get(self, number: int) -> bytes | None:
        return self.chunks.get((self.key, number))

    def put(self, number: int, chunk: bytes) -> None:
        self.chunks[self.key, number] = chunk

    def remove(self, number: int) -> None:
        self.chunks.pop((self.key, number), None)

    def get_index_of_this_subtask(self) -> int:
        return 0

    def get_number_of_parallel_subtasks(self) -> int:
        return 1

    def get_max_number_of_parallel_subtasks(self) -> int:
        return 128

    def current_watermark(self) -> int:
        return self.watermark

    def current_processing_time(self) -> int:
        return 1_000_000

    def register_event_time_timer(self, at: int) -> None:
        self.event_timers.append((self.key, at))

    def register_processing_time_timer(self, at: int) -> None:
        self.clock_timers.append((self.key, at))


class Run:
    def __init__(self, flink: Flink | None = None) -> None:
        self.flink = flink or Flink()
        self.function = BehaviourOperator(CONFIG)
        self.function.open(self.flink)

    def send(self, key: str, value: bytes) -> list[list[Any]]:
        self.flink.key = key
        return _records(self.function.process_element(value, self.flink))

    def see(self, browser: str, at: int) -> list[list[Any]]:
        return self.send(browser, msgspec.json.encode(browser_event(browser, at)))

    def fire(self, key: str, at: int) -> list[list[Any]]:
        self.flink.key, self.flink.watermark = key, T + at
        return _records(self.function.on_timer(T + at, self.flink))


def _records(batches: Sequence[bytes]) -> list[list[Any]]:
    return [record for batch in batches for record in msgspec.msgpack.decode(batch)]


def _numbers(records: list[list[Any]]) -> list[int]:
    return [msgspec.json.decode(each[2])["session_event_number"] for each in records if each[0] == SESSIONIZED.name]


def _break(monkeypatch: pytest.MonkeyPatch, name: str, *, after: bool) -> None:
    """From now on a bug: the method of Sessions raises, before or after it has done its work."""
    right = getattr(Sessions, name)

    def broken(*arguments: Any) -> Any:  # noqa: ANN401 - any method's
        if after:
            right(*arguments)
        raise RuntimeError("the text may hold a value")

    monkeypatch.setattr(Sessions, name, broken)


def test_what_is_no_longer_in_memory_is_read_from_the_state() -> None:
    run = Run()
    for at in range(3):
        for number in range(20):  # more visitors than the mirror holds
            assert _numbers(run.see(f"b-{number}", at * 1_000)) == [at + 1]
    again = Run(run.flink)  # as after a restart
    assert _numbers(again.see("b-0", 5_000)) == [4]


def test_a_timer_is_set_with_the_first_event_and_moves_only_when_it_fires() -> None:
    run = Run()
    run.see("b-1", 0)
    run.see("b-1", 60_000)
    assert run.flink.event_timers == [("b-1", T + 30 * 60_000 + 1)]
    assert run.fire("b-1", 30 * 60_000 + 1) == []
    assert run.flink.event_timers[1:] == [("b-1", T + 31 * 60_000 + 1)]
    (end,) = run.fire("b-1", 31 * 60_000 + 1)
    assert (end[0], msgspec.json.decode(end[2])["kind"]) == (SESSIONS.name, "end")
    run.fire("b-1", 80 * HOUR)
    assert (run.flink.values, run.flink.chunks) == ({}, {})


def test_records_that_are_no_events_are_left_out_however_many() -> None:
    run = Run()
    for value in (b"{", b"", b"\xc1", b'{"event_id":5}') * MOST_IN_A_ROW:
        assert run.send("b-1", value) == []
    run.function._flush()
    assert run.flink.metrics.counts["events_unreadable"] == 4 * MOST_IN_A_ROW
    assert _numbers(run.see("b-1", 0)) == [1]


def test_an_event_without_a_visitor_is_counted() -> None:
    run = Run()
    event = browser_event("b-1", 0)
    del event["domain_userid"]
    assert run.send("\x000", msgspec.json.encode(event)) == []
    run.function._flush()
    assert run.flink.metrics.counts["events_without_visitor"] == 1


def test_a_topic_that_is_keyed_in_another_way_stops_the_job() -> None:
    with pytest.raises(NotKeyedByVisitorError):
        Run().send("u-1", msgspec.json.encode(browser_event("b-1", 0, "u-1")))


@pytest.mark.parametrize("after", [False, True])
def test_an_event_that_meets_a_bug_is_late_as_internal_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    run = Run()
    for at in range(7):  # the next event fills a chunk
        run.see("b-1", at)
    kept = (dict(run.flink.values), dict(run.flink.chunks))
    with monkeypatch.context() as patch:
        _break(patch, "see", after=after)
        (failed,) = run.see("b-1", 100)
        (forwarded,) = run.send("b-1", pack_message(Forwarded(T, msgspec.json.encode(browser_event("b-1", 101)))))
    for record in (failed, forwarded):
        assert (record[0], msgspec.json.decode(record[2])["session_reason"]) == (SESSIONS_LATE.name, "internal")
    assert (run.flink.values, run.flink.chunks) == kept
    assert _numbers(run.see("b-1", 200)) == [8]


def test_one_visitor_whose_events_all_fail_does_not_stop_the_job_and_many_do(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run()
    _break(monkeypatch, "see", after=False)
    for at in range(2 * MOST_IN_A_ROW):
        assert len(run.see("b-1", at)) == 1
    with pytest.raises(NotTheRecordsFaultError):
        for number in range(MOST_IN_A_ROW + 1):
            run.see(f"b-{number}", 0)


def test_a_timer_that_meets_a_bug_fires_again(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run()
    run.see("b-1", 0)
    kept = dict(run.flink.values)
    with monkeypatch.context() as patch:
        _break(patch, "at_time", after=True)
        assert run.fire("b-1", HOUR) == []
    assert run.flink.values == kept
    assert run.flink.clock_timers == [("b-1", 1_000_000 + operator._RETRY_MS)]
    assert len(run.fire("b-1", HOUR)) == 1
