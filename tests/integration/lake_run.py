"""The lake job beside an enrichment job of the shared stack, reading from where the enriched topic ends now."""

import itertools
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
from confluent_kafka import Consumer, TopicPartition

from contracts import topics
from contracts.columns import columns
from lake.files import duckdb_view
from ledger.topic_reader import end_offsets
from local_stack.lake_job import submit_lake_job
from local_stack.stack import LocalStack

_numbers = itertools.count()
Rows = Counter[frozenset[tuple[str, Any]]]
CHECKPOINT_MS = 2_000


class LakeRun:
    def __init__(self, stack: LocalStack, path: Path) -> None:
        self.stack = stack
        self.path = path
        self.job_id = ""
        self._group = f"lake-{next(_numbers)}"
        consumer = Consumer({"bootstrap.servers": stack.bootstrap_servers, "group.id": self._group})
        ends = end_offsets(stack.bootstrap_servers, [topics.ANALYTICS.name])
        try:
            consumer.commit(
                offsets=[TopicPartition(topic, partition, at) for (topic, partition), at in ends.items()],
                asynchronous=False,
            )
        finally:
            consumer.close()

    def start(self, **changes: str) -> None:
        named = {name.replace("_", "."): value for name, value in changes.items()}
        self.job_id = submit_lake_job(
            self.stack, self.path, {"group.id": self._group, **named}, checkpoint_ms=CHECKPOINT_MS
        )

    def open_files(self) -> list[Path]:
        """Files that a checkpoint has not completed yet."""
        return [path for path in self.path.rglob(".*") if "inprogress" in path.name]

    def rows(self) -> Rows:
        """Every row as the event that it was, and how often."""
        names = [column.name for column in columns()]
        with duckdb.connect() as connection:
            connection.execute(duckdb_view(self.path))
            found = connection.execute(f"SELECT {', '.join(names)} FROM events").fetchall()  # noqa: S608
        return as_events([dict(zip(names, row, strict=True)) for row in found])

    def wait_for(self, done: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
        """Raises AssertionError with the job's newest exception when it takes too long."""
        deadline = time.monotonic() + timeout_s
        while not done():
            if time.monotonic() > deadline:
                failure = self.stack.flink.rest.failure(self.job_id)
                raise AssertionError(f"{what}: not after {timeout_s} s; the lake job's failure: {failure}")
            time.sleep(0.2)

    def wait_for_rows(self, rows: int) -> None:
        self.wait_for(lambda: self._has_files() and self.rows().total() >= rows, f"{rows} rows")
        # A second look after the next checkpoints, for what should not be there.
        time.sleep(2 * CHECKPOINT_MS / 1000)

    def _has_files(self) -> bool:
        return any(path.is_file() and path.name[0] not in "._" for path in self.path.rglob("*"))

    def close(self) -> None:
        if self.job_id:
            self.stack.flink.rest.cancel(self.job_id)


def as_events(rows: list[dict[str, Any]]) -> Rows:
    """What can be compared: no absent values, and 12 and 12.0 are the same price."""
    numbers = {column.name for column in columns() if column.kind == "number"}
    return Counter(
        frozenset(
            (name, float(value) if name in numbers else value) for name, value in row.items() if value is not None
        )
        for row in rows
    )
