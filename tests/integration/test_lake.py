"""What the enriched topic has is what the lake has: no row lost, none doubled, each in its own hour."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from lake.compact import compact
from lake.files import duckdb_view
from local_stack.stack import LocalStack
from producers.generator import GeneratorSettings, generate
from producers.record import Record
from tests.enrichment_job.samples import raw

from .conftest import Pipeline
from .lake_run import LakeRun, as_events

NOON = 1_714_564_800_000  # 2024-05-01 12:00 UTC
HOUR = 3_600_000
EVENTS = 9_000


@pytest.fixture
def lake(stack: LocalStack, tmp_path: Path) -> Iterator[LakeRun]:
    run = LakeRun(stack, tmp_path / "lake")
    yield run
    run.close()


def _steadily(per_second: float) -> Iterator[Record]:
    began = time.monotonic()
    for number, record in enumerate(generate(GeneratorSettings(events=EVENTS, users=2_000, listings=5_000))):
        if (ahead := began + number / per_second - time.monotonic()) > 0.005:
            time.sleep(ahead)
        yield record


def test_kill_9_in_mid_file_loses_and_doubles_nothing(pipeline: Pipeline, lake: LakeRun) -> None:
    run = pipeline()
    lake.start()
    sender = threading.Thread(target=run.send, args=(_steadily(700),))
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
    lake.wait_for_rows(len(outcome.enriched))
    assert lake.rows() == as_events(outcome.enriched)
    assert rest.restarts(lake.job_id) == 1
    assert rest.checkpoints(lake.job_id).restored == 1


def test_late_events_come_into_their_own_hour_and_finished_hours_are_marked(pipeline: Pipeline, lake: LakeRun) -> None:
    def at(number: int, tstamp: int) -> Record:
        return Record(raw({"event_id": f"lake-{number:04d}", "actor": {}, "attributes": {}}), tstamp)

    run = pipeline({"source": {"allowed.lateness.ms": str(100 * HOUR), "idleness.ms": "500"}})
    lake.start(out_of_orderness_ms="1000", idleness_ms="500", commit_delay_minutes="0")
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

    # The hour that is over becomes one file, while the job goes on.
    assert compact(lake.path, quiet_s=0).hours >= 1
    assert lake.rows() == as_events(outcome.enriched)
