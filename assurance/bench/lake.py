"""The lake: rows per second written to Parquet, bytes per event, and time until an event is readable."""

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
from confluent_kafka import Producer

from assurance.bench.backlog import fill, raw_records
from assurance.end_to_end.job_properties import write_properties
from assurance.end_to_end.options import ReplayOptions
from assurance.end_to_end.run import JOB, ONE_PER_EVENT, stack_options
from common.flink.property_groups import changed
from common.kafka.topic_reader import TopicReader, end_offsets
from contracts import topics
from deploy.jobs import LAKE
from deploy.paths import BUILD, STACK
from deploy.profiles import LAKE_BENCH, LAKE_LOCAL, THROUGHPUT
from lake.count import event_ids
from lake.files import data_files
from lake.store import open_lake_store
from local_stack.jobs import stored_at, submit
from local_stack.stack import LocalStack

_LIMIT_S = 300.0
_THREE = "analytics,security,personalization"
_FRESH_S = 45.0
USERS, LISTINGS = 100_000, 50_000


@dataclass(frozen=True)
class Written:
    """Rates are measured from the job's start until the last row is readable, with checkpoints every 5 s."""

    rows: int
    rows_per_s: float
    parquet_bytes: float
    """Mean bytes per event of the one topic, or of all three."""
    files: int


@dataclass(frozen=True)
class LakeFigures:
    raw_json_bytes: float
    enriched_json_bytes: float
    cold: Written
    """One purpose, in a JVM that has just started."""
    one_purpose: Written
    three_purposes: Written
    readable_after_s: tuple[float, float] | None
    """Median and maximum, at 100 events per second and checkpoints every 10 s. None if an access log is the input."""


def measure(events: int, log: Path | None = None) -> LakeFigures:
    """Enriches a generated stream or an access log, then writes it to a lake three times.

    :raises TimeoutError: if a step takes longer than 300 s.
    """
    options = ReplayOptions(
        checkpoint_interval_ms=THROUGHPUT.checkpoint_interval_ms, full_jit=True, users=USERS, listings=LISTINGS
    )
    with LocalStack(replace(stack_options(options), run_dir=STACK / "bench")) as stack:
        fill(stack, events, users=USERS, listings=LISTINGS, log=log)
        _enrich(stack)
        raw_bytes, _ = _bytes(stack, topics.RAW.name)
        enriched_bytes, one = _bytes(stack, topics.ANALYTICS.name)
        three = one + sum(_bytes(stack, topic.name)[1] for topic in (topics.SECURITY, topics.PERSONALIZATION))
        return LakeFigures(
            raw_json_bytes=raw_bytes,
            enriched_json_bytes=enriched_bytes,
            cold=_write(stack, "cold", "analytics", one),
            one_purpose=_write(stack, "one", "analytics", one),
            three_purposes=_write(stack, "three", _THREE, three),
            readable_after_s=_readable_after(stack) if log is None else None,
        )


def _write(stack: LocalStack, name: str, purposes: str, rows: int) -> Written:
    path = _empty(name)
    properties = changed(stored_at(LAKE, path), {"lake": {"group.id": name, "purposes": purposes}})
    job = submit(stack, LAKE, properties, profile=LAKE_BENCH)
    began = time.monotonic()
    while _rows(path) < rows:
        _check_time(began)
        time.sleep(0.2)
    took = time.monotonic() - began
    stack.flink.rest.cancel(job)
    files = data_files(path)
    return Written(rows, rows / took, sum(file.stat().st_size for file in files) / rows, len(files))


def _readable_after(stack: LocalStack) -> tuple[float, float]:
    """(median, maximum) seconds from an event's collector time until its row is readable in a file."""
    path = _empty("fresh")
    # In the consumer group that has read everything so far, so that only the new events are read.
    job = submit(stack, LAKE, changed(stored_at(LAKE, path), {"lake": {"group.id": "one"}}))
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers, "log_level": 0})
    sent: dict[str | None, float] = {}
    seen: dict[str | None, float] = {}
    began = time.monotonic()
    while time.monotonic() - began < _FRESH_S + 3 * LAKE_LOCAL.checkpoint_interval_ms / 1000:
        if time.monotonic() - began < _FRESH_S:
            for _ in range(20):
                event_id = f"fresh-{len(sent):06d}"
                sent[event_id] = time.time()
                event = {"event_id": event_id, "collector_tstamp": int(sent[event_id] * 1000)}
                producer.produce(topics.ANALYTICS.name, msgspec.json.encode(event))
            producer.flush()
        if data_files(path):
            now = time.time()
            seen = dict.fromkeys(event_ids(open_lake_store(path)).get("analytics", ()), now) | seen
        time.sleep(0.2)
    stack.flink.rest.cancel(job)
    waits = sorted(seen[event_id] - at for event_id, at in sent.items())
    return waits[len(waits) // 2], waits[-1]


def _empty(name: str) -> Path:
    path = BUILD / "bench" / "lake" / name
    shutil.rmtree(path, ignore_errors=True)
    return path


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
    while sum(end_offsets(stack.bootstrap_servers, sorted(ONE_PER_EVENT)).values()) < wanted:
        _check_time(began)
        time.sleep(1)
    stack.flink.rest.stop_with_savepoint(job)


def _bytes(stack: LocalStack, topic: str) -> tuple[float, int]:
    """(mean bytes of a value, number of values)."""
    size = count = 0
    with TopicReader(stack.bootstrap_servers, [topic], isolation="read_committed", find_end=True) as reader:
        while not reader.at_end:
            for message in reader.batch(0.5):
                size, count = size + len(message.value() or b""), count + 1
    return size / max(1, count), count


def _rows(path: Path) -> int:
    return sum(pq.read_metadata(file).num_rows for file in data_files(path))


def _check_time(began: float) -> None:
    if time.monotonic() - began > _LIMIT_S:
        raise TimeoutError(f"not done after {_LIMIT_S:.0f} s")
