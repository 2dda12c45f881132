"""A run of the lake job on the shared stack, which reads from the present ends of the enriched topics on."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
from confluent_kafka import Consumer, TopicPartition

from assurance.reconciliation.sinks.comparison import EventIds, SinkReport
from assurance.reconciliation.sinks.lake import compare_lake
from common.flink.property_groups import changed
from common.kafka.topic_reader import end_offsets
from contracts.events.columns import Column, columns
from contracts.fixed_topics import SESSIONS, enriched_name
from deploy.jobs import LAKE
from deploy.profiles import LAKE_LOCAL
from lake.files import data_files, duckdb_view
from lake.store import open_lake_store
from local_stack.flink.cluster import FlinkCluster
from local_stack.jobs import stored_at, submit
from local_stack.stack import LocalStack

_numbers = itertools.count()
Rows = Counter[frozenset[tuple[str, Any]]]
PROFILE = replace(LAKE_LOCAL, checkpoint_interval_ms=2_000)


class LakeRun:
    """``place``: a directory or an s3:// URI. ``cluster``: run on this cluster in place of the stack's."""

    def __init__(
        self,
        stack: LocalStack,
        place: Path | str,
        purposes: Sequence[str] = ("analytics",),
        cluster: FlinkCluster | None = None,
        *,
        sessions: bool = False,
    ) -> None:
        self.stack = stack
        self.place = place
        self.cluster = cluster or stack.flink
        self.job_id = ""
        self.properties = {
            "group.id": f"lake-{next(_numbers)}",
            "purposes": ",".join(purposes),
            "sessions": str(sessions).lower(),
        }
        consumer = Consumer(
            {"bootstrap.servers": stack.bootstrap_servers, "group.id": self.properties["group.id"], "log_level": 0}
        )
        topics = [*(enriched_name(purpose) for purpose in purposes), SESSIONS.name]
        ends = end_offsets(stack.bootstrap_servers, topics)
        try:
            consumer.commit(
                offsets=[TopicPartition(topic, partition, at) for (topic, partition), at in ends.items()],
                asynchronous=False,
            )
        finally:
            consumer.close()

    @property
    def path(self) -> Path:
        """The directory of a lake on a local disk."""
        return Path(self.place)

    def start(
        self, changes: Mapping[str, str] | None = None, *, entry: Path | None = None, savepoint: str | None = None
    ) -> None:
        self.job_id = submit(
            self.stack,
            LAKE,
            changed(self.groups(), {"lake": changes or {}}),
            cluster=self.cluster,
            entry=entry,
            savepoint=savepoint,
            profile=PROFILE,
        )

    def groups(self) -> dict[str, dict[str, str]]:
        """The properties of this run."""
        return changed(stored_at(LAKE, self.place), {"lake": self.properties})

    def stop_with_savepoint(self) -> str:
        job_id, self.job_id = self.job_id, ""
        return self.cluster.rest.stop_with_savepoint(job_id)

    def open_files(self) -> list[Path]:
        """Files that no checkpoint has completed yet."""
        return [path for path in self.path.rglob(".*") if "inprogress" in path.name]

    def rows(self, event: tuple[Column, ...] | None = None) -> Rows:
        """Each row as an event, and how often it occurs."""
        names = [column.name for column in event or columns()]
        with duckdb.connect() as connection:
            connection.execute(duckdb_view(self.path, event=event))
            found = connection.execute(f"SELECT {', '.join(names)} FROM events").fetchall()  # noqa: S608
        return as_events([dict(zip(names, row, strict=True)) for row in found])

    def wait_for(self, done: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
        """Raises AssertionError with the job's latest exception after ``timeout_s``."""
        deadline = time.monotonic() + timeout_s
        while not done():
            if time.monotonic() > deadline:
                failure = self.cluster.rest.failure(self.job_id)
                raise AssertionError(f"{what}: not after {timeout_s} s; the lake job's failure: {failure}")
            time.sleep(0.2)

    def wait_for_rows(self, rows: int) -> None:
        self.wait_for(lambda: bool(data_files(self.path)) and self.rows().total() >= rows, f"{rows} rows")
        self.wait_for_checkpoints(2)

    def wait_for_checkpoints(self, more: int) -> None:
        """Waits for ``more`` further checkpoints, in which surplus rows would appear."""
        rest = self.cluster.rest
        wanted = rest.checkpoints(self.job_id).completed + more
        self.wait_for(lambda: rest.checkpoints(self.job_id).completed >= wanted, f"{wanted} checkpoints")

    def compared_with(self, enriched: EventIds) -> SinkReport:
        """Compares the event ids in the files with those that were enriched."""
        return compare_lake(open_lake_store(self.place), enriched)

    def close(self) -> None:
        if self.job_id:
            self.cluster.rest.cancel(self.job_id)


def as_events(rows: list[dict[str, Any]]) -> Rows:
    """Events in a comparable form: without absent values, and with 12 and 12.0 as the same number."""
    numbers = {column.name for column in columns() if column.kind == "number"}
    return Counter(
        frozenset(
            (name, float(value) if name in numbers else value) for name, value in row.items() if value is not None
        )
        for row in rows
    )
