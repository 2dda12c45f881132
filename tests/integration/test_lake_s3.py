"""The lake on an S3 server: the same exactly-once, over multipart uploads.

It has a broker, a cluster and an S3 server of its own and takes minutes, so it is for ``LAKE_S3=1 pytest`` alone.
"""

import os
import time
from collections import Counter
from pathlib import Path

import msgspec
import pyarrow.dataset as ds
import pytest
from confluent_kafka import Producer
from pyarrow.fs import FileSelector, S3FileSystem

from contracts.topics import ANALYTICS
from local_stack.flink_config import FlinkOptions
from local_stack.lake_job import submit_lake_job
from local_stack.paths import STACK
from local_stack.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server
from local_stack.stack import LocalStack, StackOptions
from replay.run import for_replay

pytestmark = [
    pytest.mark.skipif("LAKE_S3" not in os.environ, reason="takes minutes: LAKE_S3=1 runs it"),
    pytest.mark.timeout(600),
]
NOON = 1_714_564_800_000
EVENTS = 4_000
LAKE = "clickstream/lake"


def _send(stack: LocalStack, name: str, numbers: range, *, commit: bool = True) -> None:
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers, "transactional.id": name, "log_level": 0})
    producer.init_transactions()
    producer.begin_transaction()
    for number in numbers:
        event = {
            "event_id": f"event-{number:06d}",
            "event_name": "listing_view",
            "collector_tstamp": NOON + number,
            "price": number / 7,
        }
        producer.produce(ANALYTICS.name, msgspec.json.encode(event), timestamp=NOON + number)
        if number % 1_000 == 0:
            producer.flush()
    producer.flush()
    if commit:
        producer.commit_transaction()
    else:
        producer.abort_transaction()


def _rows(files: S3FileSystem) -> Counter[tuple[str, float]]:
    listed = files.get_file_info(FileSelector(LAKE, recursive=True, allow_not_found=True))
    # By name, for the server also lists directories as objects, with a size.
    paths = [info.path for info in listed if info.base_name.startswith(("part-", "compacted-part-"))]
    if not paths:
        return Counter()
    table = ds.dataset(paths, filesystem=files, format="parquet").to_table(["event_id", "price"])
    return Counter(zip(table["event_id"].to_pylist(), table["price"].to_pylist(), strict=True))


def _wait_for(stack: LocalStack, job: str, files: S3FileSystem, rows: int) -> None:
    deadline = time.monotonic() + 180
    while _rows(files).total() < rows:
        assert time.monotonic() < deadline, stack.flink.rest.failure(job)
        time.sleep(0.5)


def test_committed_events_come_to_s3_once_also_after_kill_9(tmp_path: Path) -> None:
    with S3Server(tmp_path, "clickstream") as server:
        flink = FlinkOptions(plugins=(server.plugin,), extra=server.flink_settings())
        options = StackOptions(
            run_dir=STACK / "s3", topics=(for_replay(ANALYTICS),), with_lookup=False, partitions=1, flink=flink
        )
        files = S3FileSystem(
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            region=REGION,
            endpoint_override=server.address,
            scheme="http",
        )
        with LocalStack(options) as stack:
            half = EVENTS // 2
            _send(stack, "first", range(half))
            _send(stack, "taken-back", range(half), commit=False)
            job = submit_lake_job(stack, f"s3://{LAKE}", checkpoint_ms=1_000)
            _wait_for(stack, job, files, half)
            _send(stack, "second", range(half, EVENTS))
            stack.flink.kill_taskmanager(0)
            stack.flink.add_taskmanager()
            _wait_for(stack, job, files, EVENTS)
            time.sleep(3)  # doubles would come with the next checkpoints
            assert _rows(files) == Counter((f"event-{number:06d}", number / 7) for number in range(EVENTS))
            assert stack.flink.rest.restarts(job) == 1


def test_the_servers_data_lies_below_its_directory(tmp_path: Path) -> None:
    """And what is not signed is refused: otherwise the keys that Flink is given would not matter."""
    with S3Server(tmp_path, "some-bucket") as server:
        anonymous = S3FileSystem(anonymous=True, region=REGION, endpoint_override=server.address, scheme="http")
        signed = S3FileSystem(
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            region=REGION,
            endpoint_override=server.address,
            scheme="http",
        )
        with signed.open_output_stream("some-bucket/object") as stream:
            stream.write(b"text")
        assert (tmp_path / "s3" / "data" / "some-bucket" / "object").read_bytes() == b"text"
        refused = None
        try:
            anonymous.open_input_stream("some-bucket/object").read()
        except OSError as error:
            refused = error
        assert refused is not None
