"""The lake on an S3 server: exactly-once with multipart uploads, and compaction without an atomic rename."""

import re
import time
from collections import Counter
from collections.abc import Iterator

import boto3
import msgspec
import pytest
from confluent_kafka import Producer
from pyarrow.fs import S3FileSystem
from typer.testing import CliRunner

from contracts.fixed_topics import DAY_MS, Topic, enriched_name
from lake.__main__ import app
from lake.count import event_ids
from lake.store import LakeStore, S3LakeStore, open_lake_store
from local_stack.flink.cluster import FlinkCluster
from local_stack.flink.config import FlinkOptions
from local_stack.s3.server import REGION, S3Server
from local_stack.stack import LocalStack
from tests.integration.lake_run import LakeRun
from tests.lake.lakes import CHANGES, FailingFileSystem, crash_and_resume, fill

NOON = 1_714_564_800_000
HOUR_MS = 3_600_000
EVENTS = 4_000
BUCKET = "clickstream"
PURPOSE = "s3"
TOPIC = Topic(name=enriched_name(PURPOSE), retention_ms=7 * DAY_MS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("server"), BUCKET) as running:
        yield running


@pytest.fixture(autouse=True)
def _aws(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def lake(stack: LocalStack, server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakeRun]:
    """On the shared broker, with a cluster of its own, because a file system plug-in affects the whole cluster."""
    stack.kafka.create_topics([TOPIC], 1)
    options = FlinkOptions(plugins=(server.plugin,), extra=server.flink_settings())
    cluster = FlinkCluster(tmp_path_factory.mktemp("flink"), options, registry=stack.registry)
    cluster.start(1)
    try:
        run = LakeRun(stack, f"s3://{BUCKET}/lake", (PURPOSE,), cluster)
        yield run
        run.close()
    finally:
        cluster.stop()


def _send(stack: LocalStack, name: str, numbers: range, *, hour: int, commit: bool = True) -> None:
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers, "transactional.id": name, "log_level": 0})
    producer.init_transactions()
    producer.begin_transaction()
    for number in numbers:
        at = NOON + hour * HOUR_MS + number
        event = {"event_id": f"event-{number:06d}", "event_name": "listing_view", "collector_tstamp": at}
        producer.produce(TOPIC.name, msgspec.json.encode(event), timestamp=at)
    producer.flush()
    if commit:
        producer.commit_transaction()
    else:
        producer.abort_transaction()


def _ids(store: LakeStore) -> Counter[str | None]:
    return event_ids(store).get(PURPOSE, Counter())


def _uploads() -> set[str]:
    """Keys of the multipart uploads in progress."""
    # A session of its own, because the default one may still have the credentials of an earlier test.
    client = boto3.session.Session().client("s3")
    return {upload["Key"] for upload in client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ())}


def test_committed_events_are_in_s3_once_also_after_a_kill_during_an_upload(server: S3Server, lake: LakeRun) -> None:
    stack, rest, store = lake.stack, lake.cluster.rest, open_lake_store(f"s3://{BUCKET}/lake")
    half = EVENTS // 2
    _send(stack, "s3-first", range(half), hour=0)
    _send(stack, "s3-taken-back", range(half), hour=0, commit=False)
    lake.start({"commit.delay.minutes": "0", "out.of.orderness.ms": "1000"})
    lake.wait_for(lambda: _has_lake(store) and _ids(store).total() >= half, "the first half")

    _send(stack, "s3-second", range(half, EVENTS - 10), hour=3)
    lake.wait_for(lambda: bool(_uploads()), "an upload that has begun", 20)
    with server.suspended():
        lake.wait_for(lambda: rest.checkpoints(lake.job_id).in_progress > 0, "a checkpoint that waits for it")
        _send(stack, "s3-third", range(EVENTS - 10, EVENTS), hour=3)
        time.sleep(0.5)
        lake.cluster.kill_taskmanager(0)
    assert _uploads(), "killed during an upload"
    lake.cluster.add_taskmanager()
    lake.wait_for(lambda: _ids(store).total() >= EVENTS, "all events")
    lake.wait_for_checkpoints(2)
    wanted = Counter(f"event-{number:06d}" for number in range(EVENTS))
    assert _ids(store) == wanted
    assert rest.restarts(lake.job_id) == 1

    # The finished hour is merged into one object while the job runs.
    first = f"purpose={PURPOSE}/day=2024-05-01/hour=12"
    lake.wait_for(lambda: f"{first}/_SUCCESS" in [entry.path for entry in store.hours()[first]], "the hour's marker")
    _send(stack, "s3-late", range(EVENTS, EVENTS + 10), hour=0)
    lake.wait_for(lambda: _ids(store).total() >= EVENTS + 10, "the late events")
    lake.wait_for_checkpoints(2)
    done = CliRunner().invoke(app, ["compact", f"s3://{BUCKET}/lake", "--quiet-s", "0"])
    assert (done.exit_code, re.sub(r"\d+ files", "n files", done.stdout)) == (0, "1 hours: n files became 1\n")
    lake.wait_for_checkpoints(2)
    assert _ids(store) == wanted + Counter(f"event-{number:06d}" for number in range(EVENTS, EVENTS + 10))


def _has_lake(store: LakeStore) -> bool:
    try:
        return bool(store.hours())
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("change", range(CHANGES))
def test_a_crash_of_the_compaction_at_any_change_loses_and_duplicates_no_row(server: S3Server, change: int) -> None:
    root = f"{BUCKET}/crash-{change}"
    lake = open_lake_store(f"s3://{root}")
    fill(lake)
    crash_and_resume(S3LakeStore(FailingFileSystem(_files(server), change), root), lake, change, now=time.time() + 7200)


def test_an_unsigned_request_is_refused(server: S3Server) -> None:
    """Otherwise the tests would not show that Flink uses its keys."""
    lake = open_lake_store(f"s3://{BUCKET}/signed")
    lake.write("object", b"text")
    assert lake.read("object") == b"text"
    with pytest.raises(OSError, match=r"ACCESS_DENIED|AccessDenied"):
        S3LakeStore(_files(server, anonymous=True), f"{BUCKET}/signed").read("object")


def _files(server: S3Server, *, anonymous: bool = False) -> S3FileSystem:
    return S3FileSystem(region=REGION, endpoint_override=server.address, scheme="http", anonymous=anonymous)
