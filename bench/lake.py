"""Rows a second into Parquet, and bytes an event: the enriched topic is full before the lake job starts."""

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from bench.backlog import fill, raw_records
from contracts import topics
from lake.files import data_files, duckdb_view
from ledger.topic_reader import TopicReader, end_offsets
from local_stack.lake_job import submit_lake_job
from local_stack.paths import BUILD, STACK
from local_stack.stack import LocalStack
from replay.options import ReplayOptions
from replay.properties import write_properties
from replay.run import JOB, OUTPUTS, stack_options

_CHECKPOINT_MS = 5_000
_LIMIT_S = 300.0


@dataclass(frozen=True)
class LakeFigures:
    """``rows_per_s`` from the job's running to the last row's visibility, checkpoints of 5 s included."""

    rows: int
    rows_per_s: float
    raw_json_bytes: float
    enriched_json_bytes: float
    parquet_bytes: float
    files: int


def measure(events: int) -> LakeFigures:
    """Enrich ``events`` first, then write them. Raises TimeoutError when it does not come to an end."""
    path = BUILD / "bench" / "lake"
    shutil.rmtree(path, ignore_errors=True)
    options = ReplayOptions(checkpoint_interval_ms=1_000, full_jit=True, users=500, listings=1_000)
    with LocalStack(replace(stack_options(options), run_dir=STACK / "bench")) as stack:
        fill(stack, events, users=500, listings=1_000)
        _enrich(stack)
        raw_bytes, _ = _bytes(stack, topics.RAW.name)
        enriched_bytes, rows = _bytes(stack, topics.ANALYTICS.name)
        submit_lake_job(stack, path, checkpoint_ms=_CHECKPOINT_MS)
        began = time.monotonic()
        while _rows(path) < rows:
            _in_time(began)
            time.sleep(0.2)
        took = time.monotonic() - began
    files = data_files(path)
    return LakeFigures(
        rows=rows,
        rows_per_s=rows / took,
        raw_json_bytes=raw_bytes,
        enriched_json_bytes=enriched_bytes,
        parquet_bytes=sum(file.stat().st_size for file in files) / rows,
        files=len(files),
    )


def _enrich(stack: LocalStack) -> None:
    properties = write_properties(
        stack.run_dir / "application_properties.json",
        bootstrap_servers=stack.bootstrap_servers,
        lookup_url=stack.lookup_url,
    )
    job = stack.flink.submit(JOB, properties_path=properties)
    stack.flink.rest.wait_running(job, 90)
    began = time.monotonic()
    wanted = raw_records(stack)
    while sum(end_offsets(stack.bootstrap_servers, OUTPUTS).values()) < wanted:
        _in_time(began)
        time.sleep(1)
    stack.flink.rest.stop_with_savepoint(job)


def _bytes(stack: LocalStack, topic: str) -> tuple[float, int]:
    """Mean size of a value, and how many there are."""
    size = count = 0
    with TopicReader(stack.bootstrap_servers, [topic], isolation="read_committed", find_end=True) as reader:
        while not reader.at_end:
            for message in reader.batch(0.5):
                size, count = size + len(message.value() or b""), count + 1
    return size / max(1, count), count


def _rows(path: Path) -> int:
    if not data_files(path):
        return 0
    with duckdb.connect() as connection:
        connection.execute(duckdb_view(path))
        return int((connection.execute("SELECT count(*) FROM events").fetchone() or (0,))[0])


def _in_time(began: float) -> None:
    if time.monotonic() - began > _LIMIT_S:
        raise TimeoutError(f"not done after {_LIMIT_S:.0f} s")
