"""The lake has every session record once, also after a kill, and its sessions are what the deltas say."""

import os
import random
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from confluent_kafka import Producer

from applications.behaviour.events.event_log import EventLog, LogIndex
from applications.behaviour.events.logged_event import LoggedEvent
from applications.behaviour.events.visitor_key import VisitorKey
from applications.behaviour.sessions.closing import forget
from applications.behaviour.sessions.rules import SessionRules
from applications.behaviour.sessions.sessions import Limits, Sessions
from applications.behaviour.sessions.state import SessionsState, VisitorSessions
from contracts.events.columns import columns
from contracts.fixed_topics import SESSIONS, enriched_name
from contracts.sessions.records import SessionRecord
from lake.compaction import ABANDONED_S, compact_tables
from lake.count import event_ids
from lake.files import data_files, duckdb_session_views
from lake.store import open_lake_store
from local_stack.stack import LocalStack
from tests.integration.lake_run import LakeRun

T = 1_714_563_000_000  # 2024-05-01 11:30 UTC
HOUR = 3_600_000
DAY = 24 * HOUR
VISITORS = 60
QUICK = {"out.of.orderness.ms": "1000", "idleness.ms": "500", "commit.delay.minutes": "0"}
"""Settings with which hours get their markers quickly."""
NAMES = [column.name for column in columns(SessionRecord)]
SUMS = {
    "delta_sessions": "count(*)",
    "delta_events": "sum(events)",
    "delta_page_views": "sum(page_views)",
    "delta_orders": "sum(orders)",
    "delta_duration_ms": "sum(duration_ms)",
    "delta_engaged": "count(*) FILTER (WHERE is_engaged)",
    "delta_bounces": "count(*) FILTER (WHERE is_bounce)",
}
"""Of ``session_records`` and what they are in ``sessions``."""


class _Chunks(dict[int, bytes]):
    def put(self, number: int, chunk: bytes) -> None:
        self[number] = chunk

    def remove(self, number: int) -> None:
        del self[number]


def _records() -> list[SessionRecord]:
    """Of visitors with events in a wrong order, so that sessions are corrected and merged; some opt out."""
    chance = random.Random(15)
    sessions = Sessions(SessionRules(), Limits())
    records: list[SessionRecord] = []
    for number in range(VISITORS):
        visitor = VisitorSessions(
            VisitorKey("browser", f"b-{number}"), SessionsState(), EventLog(LogIndex(), _Chunks())
        )
        times = sorted(T + chance.randrange(10 * HOUR) for _ in range(30))
        late = [times.pop(chance.randrange(len(times))) for _ in range(10)]
        newest = 0
        for at, time_ms in enumerate([*times, *late]):
            newest = max(newest, time_ms)
            sessions.see(visitor, _event(chance, number * 1_000 + at, time_ms), newest, records)
            sessions.at_time(visitor, newest, records)
        if number % 10 == 0:
            records += forget(visitor)
        else:
            sessions.at_time(visitor, newest + DAY, records)
    return records


def _event(chance: random.Random, number: int, time_ms: int) -> LoggedEvent:
    name = chance.choice(["page_view", "search", "order"])
    amount = chance.choice([1_500, 333]) if name == "order" else 0
    currency = chance.choice(["EUR", "SEK"])
    return LoggedEvent(time_ms, number, name, "/it's", f"u-{number % 3}", amount=amount, currency=currency)


@pytest.fixture
def lake(stack: LocalStack, tmp_path: Path) -> Iterator[LakeRun]:
    run = LakeRun(stack, tmp_path / "lake", sessions=True)
    yield run
    run.close()


def _send(stack: LocalStack, topic: str, values: Sequence[bytes], per_second: float = 0) -> None:
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers, "log_level": 0})
    for value in values:
        producer.produce(topic, value)
        if per_second:
            producer.flush()
            time.sleep(1 / per_second)
    assert producer.flush(30) == 0


def _sent(records: Sequence[SessionRecord]) -> list[bytes]:
    return [msgspec.json.encode(record) for record in records]


def _ask(lake: LakeRun, text: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute(duckdb_session_views(lake.path))
        return connection.execute(text).fetchall()


def _stored(lake: LakeRun) -> list[SessionRecord]:
    """Each row as the record that it was made of."""
    rows = _ask(lake, f"SELECT {', '.join(NAMES)} FROM session_records")  # noqa: S608 - our own names
    json = {column.name for column in columns(SessionRecord) if column.kind == "json"}
    made = [
        {name: msgspec.json.decode(value) if name in json and value else value for name, value in named}
        for named in (zip(NAMES, row, strict=True) for row in rows)
    ]
    return sorted((msgspec.convert(each, SessionRecord) for each in made), key=_key)


def _key(record: SessionRecord) -> tuple[str, int]:
    return record.session_id, record.version


def _wait_for(lake: LakeRun, records: int) -> None:
    folder = lake.path / "sessions"
    lake.wait_for(lambda: bool(data_files(folder)) and len(_stored(lake)) >= records, f"{records} session records")
    lake.wait_for_checkpoints(2)


def _check(lake: LakeRun, records: Sequence[SessionRecord]) -> None:
    assert _stored(lake) == sorted(records, key=_key)
    (deltas,) = _ask(lake, f"SELECT {', '.join(f'sum({name})' for name in SUMS)} FROM session_records")  # noqa: S608
    (totals,) = _ask(lake, f"SELECT {', '.join(SUMS.values())} FROM sessions")  # noqa: S608
    assert deltas == totals
    assert totals[0] > VISITORS
    ((delta, value),) = _ask(
        lake, "SELECT (SELECT sum(delta_order_value) FROM session_records), sum(order_value) FROM sessions"
    )
    assert delta == pytest.approx(value)
    scattered = "SELECT count(DISTINCT (day, hour)) AS n FROM session_records GROUP BY session_id HAVING n > 1"
    assert _ask(lake, scattered) == []


def test_every_record_is_there_once_after_a_kill_and_the_sums_are_the_deltas(stack: LocalStack, lake: LakeRun) -> None:
    records = _records()
    kinds = {record.kind for record in records}
    assert kinds == {"start", "update", "end", "correction", "superseded"}
    assert any(record.end_reason == "opted_out" for record in records)
    lake.start(QUICK)
    sender = threading.Thread(target=_send, args=(stack, SESSIONS.name, _sent(records), 100))
    sender.start()
    rest = stack.flink.rest
    lake.wait_for(lambda: rest.checkpoints(lake.job_id).completed > 1 and bool(lake.open_files()), "an open file")
    victims = [int(name.removeprefix("tm-")) for name in rest.taskmanagers()]
    assert sender.is_alive()
    for victim in victims:
        stack.flink.kill_taskmanager(victim)
    for _ in victims:
        stack.flink.add_taskmanager(wait=False)
    sender.join()
    _wait_for(lake, len(records))
    _check(lake, records)
    assert rest.restarts(lake.job_id) >= 1
    assert rest.checkpoints(lake.job_id).restored >= 1
    # Every hour is that of the start: the idle time divides an hour.
    assert _ask(lake, "SELECT count(*) FROM sessions WHERE hour <> strftime(start_time, '%H')") == [(0,)]

    first = lake.path / "sessions" / "day=2024-05-01" / "hour=12"
    lake.wait_for((first / "_SUCCESS").exists, "an hour's marker")
    # An hour with what the killed task has left open is merged a week later.
    for left in lake.path.rglob(".*"):
        os.utime(left, (0, time.time() - ABANDONED_S - 1))
    assert compact_tables(open_lake_store(lake.path), quiet_s=0).hours >= 1
    assert len([path for path in data_files(lake.path / "sessions") if path.parent == first]) == 1
    _check(lake, records)


def test_a_second_job_adds_the_sessions_to_a_lake(stack: LocalStack, lake: LakeRun, tmp_path: Path) -> None:
    """The lake's own job goes on: a job with a table more could not restore its savepoint."""
    records, topic = _records()[:100], enriched_name("analytics")
    values = [msgspec.json.encode({"event_id": f"e-{n}", "collector_tstamp": T + n}) for n in range(300)]
    second = LakeRun(stack, tmp_path / "lake", sessions=True)
    lake.start({"sessions": "false", **QUICK})
    second.start({"purposes": "", "name": "sessions", **QUICK})
    try:
        _send(stack, topic, values)
        _send(stack, SESSIONS.name, _sent(records))
        _wait_for(second, len(records))
        lake.wait_for(lambda: bool(data_files(lake.path)) and lake.rows().total() >= len(values), "the events")
        assert _stored(lake) == sorted(records, key=_key)
        assert set(event_ids(open_lake_store(lake.path))["analytics"].values()) == {1}
        assert lake.rows().total() == len(values)
    finally:
        second.close()
