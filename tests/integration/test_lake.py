"""The lake has what the enriched topics have: no row is lost or duplicated, and each is in its own hour."""

import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pytest

from contracts import topics
from lake.compaction import compact
from lake.files import data_files, duckdb_view
from lake.store import open_lake_store
from local_stack.stack import LocalStack
from producers.record import Record
from producers.synthetic.generator import GeneratorSettings, generate
from tests.core.samples import raw
from tests.integration import older_lake
from tests.integration.access_log import access_log
from tests.integration.conftest import Pipeline
from tests.integration.lake_run import LakeRun, as_events
from tests.integration.older_lake import NEW, OLDER

NOON = 1_714_564_800_000  # 2024-05-01 12:00 UTC
HOUR = 3_600_000
EVENTS = 4_000
QUICK = {"out.of.orderness.ms": "1000", "idleness.ms": "500", "commit.delay.minutes": "0"}
"""Settings with which hours get their markers quickly."""


@pytest.fixture
def lake(stack: LocalStack, tmp_path: Path) -> Iterator[LakeRun]:
    """A lake of one purpose."""
    run = LakeRun(stack, tmp_path / "lake")
    yield run
    run.close()


@pytest.fixture
def whole_lake(stack: LocalStack, tmp_path: Path) -> Iterator[LakeRun]:
    """A lake of three purposes."""
    run = LakeRun(stack, tmp_path / "lake", ("analytics", "security", "personalization"))
    yield run
    run.close()


def _steadily(records: Iterable[Record], per_second: float) -> Iterator[Record]:
    began = time.monotonic()
    for number, record in enumerate(records):
        if (ahead := began + number / per_second - time.monotonic()) > 0.005:
            time.sleep(ahead)
        yield record


def _log_and_more() -> Iterator[Record]:
    """An access log, then events of every purpose and invalid records, then late lines of the log."""
    log = list(access_log())
    yield from log
    for number, record in enumerate(generate(GeneratorSettings(events=EVENTS, users=2_000, listings=5_000))):
        yield record
        if number % 100 == 0:
            yield Record(b'{"event_id": "no-event"', record.timestamp_ms)
    yield from log[: len(log) // 10]


def test_the_lake_equals_the_ledger_also_after_a_kill_while_a_file_is_open(
    pipeline: Pipeline, whole_lake: LakeRun
) -> None:
    lake = whole_lake
    run = pipeline({"source": {"allowed.lateness.ms": "60000", "out.of.orderness.ms": "1000", "idleness.ms": "200"}})
    lake.start()
    sender = threading.Thread(target=run.send, args=(_steadily(_log_and_more(), 900),))
    sender.start()
    rest = lake.stack.flink.rest
    lake.wait_for(lambda: rest.checkpoints(lake.job_id).completed > 1 and bool(lake.open_files()), "an open file")
    (victim,) = {int(name.removeprefix("tm-")) for name in rest.taskmanagers()} - run.task_managers()
    assert lake.open_files()
    assert sender.is_alive()
    lake.stack.flink.kill_taskmanager(victim)
    lake.stack.flink.add_taskmanager()
    sender.join()
    outcome = run.outcome()
    assert outcome.balance.balanced, outcome.balance
    assert outcome.balance.late > 100
    assert outcome.balance.failed >= EVENTS // 100
    held = {topic.name for topic in topics.ENRICHED if topic != topics.BEHAVIOUR_EVENTS}
    enriched = {topic: count for topic, count in outcome.balance.enriched.items() if topic in held}
    lake.wait_for_rows(sum(enriched.values()))
    report = lake.compared_with({topic: ids for topic, ids in outcome.enriched_ids.items() if topic in held})
    assert report.balanced, report
    assert report.rows == enriched
    assert all(rows > 50 for rows in report.rows.values()), report.rows
    assert lake.rows() == as_events([*outcome.enriched, *outcome.security, *outcome.personalization])
    # On a busy machine the job tries again until the new task manager is there: each attempt is a restart.
    assert rest.restarts(lake.job_id) >= 1
    assert rest.checkpoints(lake.job_id).restored >= 1


def test_late_events_are_in_their_own_hour_and_finished_hours_are_marked(pipeline: Pipeline, lake: LakeRun) -> None:
    def at(number: int, tstamp: int) -> Record:
        return Record(raw({"event_id": f"lake-{number:04d}", "actor": {}, "attributes": {}}), tstamp)

    run = pipeline({"source": {"allowed.lateness.ms": str(100 * HOUR), "idleness.ms": "500"}})
    lake.start(QUICK)
    run.send(at(number, NOON + number) for number in range(50))
    run.send(at(100 + number, NOON + 3 * HOUR + number) for number in range(50))
    first, last = (lake.path / "purpose=analytics" / "day=2024-05-01" / f"hour={hour}" for hour in ("12", "15"))
    lake.wait_for((first / "_SUCCESS").exists, "the first hour's marker")
    lake.wait_for_rows(100)
    assert not (last / "_SUCCESS").exists()

    run.send([at(200, NOON + 30_000)])
    outcome = run.outcome()
    assert outcome.balance.balanced
    assert (len(outcome.enriched), len(outcome.late)) == (101, 0)
    lake.wait_for_rows(101)
    asked = "SELECT hour, count(*), count(*) FILTER (WHERE event_id = 'lake-0200') FROM events GROUP BY 1 ORDER BY 1"
    with duckdb.connect() as connection:
        connection.execute(duckdb_view(lake.path))
        assert connection.execute(asked).fetchall() == [("12", 51, 1), ("15", 50, 0)]

    # The finished hour is merged into one file while the job runs.
    assert compact(open_lake_store(lake.path), quiet_s=0).hours >= 1
    assert lake.rows() == as_events(outcome.enriched)


def test_a_new_column_needs_a_restart_from_a_savepoint_and_no_rewriting(pipeline: Pipeline, lake: LakeRun) -> None:
    run = pipeline({"source": {"allowed.lateness.ms": str(100 * HOUR), "idleness.ms": "500"}})
    lake.start(QUICK, entry=Path(older_lake.__file__))
    run.send(_viewed("older", NOON, 500))
    lake.wait_for_rows(500)
    savepoint = lake.stop_with_savepoint()
    before = _seen(lake.path)

    run.send(_viewed("between", NOON + 1_000, 200))
    lake.start(QUICK, savepoint=savepoint)
    run.send([*_viewed("newer", NOON + 2_000, 300), *_viewed("last", NOON + 3 * HOUR, 50)])
    outcome = run.outcome()
    assert outcome.balance.balanced
    lake.wait_for_rows(1_050)
    wanted = [
        {name: value for name, value in event.items() if name != NEW or not event["event_id"].startswith("older")}
        for event in outcome.enriched
    ]
    assert sum(NEW in event for event in wanted) == 550
    assert lake.rows() == as_events(wanted)
    assert lake.rows(OLDER) == as_events([{name: event[name] for name in event if name != NEW} for event in wanted])
    assert {path: found for path, found in _seen(lake.path).items() if path in before} == before

    first = lake.path / "purpose=analytics" / "day=2024-05-01" / "hour=12"
    lake.wait_for((first / "_SUCCESS").exists, "the first hour's marker")
    assert compact(open_lake_store(lake.path), quiet_s=0).hours == 1
    assert len([path for path in data_files(lake.path) if path.parent == first]) == 1
    assert lake.rows() == as_events(wanted)


def _viewed(name: str, tstamp: int, count: int) -> list[Record]:
    """Events that have the new column."""
    return [Record(raw({"event_id": f"{name}-{n:06d}"}), tstamp + n) for n in range(count)]


def _seen(place: Path) -> dict[Path, tuple[int, int, int]]:
    stats = {path: path.stat() for path in data_files(place)}
    return {path: (stat.st_ino, stat.st_mtime_ns, stat.st_size) for path, stat in stats.items()}
