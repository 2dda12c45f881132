"""A run of the real job in the shared stack, with its own start offsets, consumer group and transactional ids."""

import itertools
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx
from confluent_kafka import Consumer, TopicPartition

from assurance.end_to_end.job_properties import write_properties
from assurance.end_to_end.run import EXPECTED, JOB, OUTPUTS
from assurance.reconciliation.balancing.balance import Balance, balance
from assurance.reconciliation.collecting.quiescence import complete
from assurance.reconciliation.reading.identity import identifier
from assurance.reconciliation.reading.records import ObservedRecord
from assurance.reconciliation.reading.topics import read_raw
from assurance.reconciliation.sinks.comparison import EventIds, enriched_ids
from common.kafka.topic_reader import TopicReader, end_offsets, read_whole
from contracts import topics
from contracts.lookup_api.lookups import Kind
from core.privacy.envelopes import Envelopes
from core.privacy.key_source import load_key_ring
from local_stack.stack import LocalStack
from producers.delivery.kafka_sink import ProduceSettings, produce
from producers.record import ProduceReport, Record
from tests.integration.slow_proxy import SlowProxy

_RUNNING_S = 90.0
_numbers = itertools.count()


@dataclass(frozen=True)
class Outcome:
    """What a read_committed consumer saw: the balance, and the (key, JSON) of every output by topic.

    ``enriched`` has the records of the purpose that receives all events without ids, ``behaviour`` those with ids.
    """

    balance: Balance
    enriched_ids: EventIds
    """The event ids that every sink of the enriched topics must hold."""
    records: dict[str, list[tuple[bytes | None, dict[str, Any]]]]

    @property
    def enriched(self) -> list[dict[str, Any]]:
        return [value for _, value in self.records[topics.ANALYTICS.name]]

    @property
    def security(self) -> list[dict[str, Any]]:
        return [value for _, value in self.records[topics.SECURITY.name]]

    @property
    def personalization(self) -> list[dict[str, Any]]:
        return [value for _, value in self.records[topics.PERSONALIZATION.name]]

    @property
    def behaviour(self) -> list[dict[str, Any]]:
        return [value for _, value in self.records[topics.BEHAVIOUR_EVENTS.name]]

    @property
    def failed(self) -> list[dict[str, Any]]:
        return [value for _, value in self.records[topics.FAILED.name]]

    @property
    def suppressed(self) -> list[dict[str, Any]]:
        return [value for _, value in self.records[topics.SUPPRESSED.name]]

    @property
    def late(self) -> list[dict[str, Any]]:
        return [value for _, value in self.records[topics.LATE.name]]


class PipelineRun:
    def __init__(self, stack: LocalStack, proxy: SlowProxy, name: str, changes: dict[str, dict[str, str]]) -> None:
        self.stack = stack
        self.proxy = proxy
        self.name = f"{name}-{next(_numbers)}"
        self.job_id = ""
        self.raw_start = end_offsets(stack.bootstrap_servers, [topics.RAW.name])
        self.output_start = end_offsets(stack.bootstrap_servers, OUTPUTS)
        own = {
            "source": {"group.id": self.name},
            "sink": {"transactional.id.prefix": self.name},
            # The lookup service is shared: a warm start would fill the cache with what the tests before asked for.
            "lookup": {"warm.start.ms": "0"},
        }
        for group, keys in changes.items():
            own.setdefault(group, {}).update(keys)
        self._properties = write_properties(
            stack.run_dir / f"{self.name}.json",
            bootstrap_servers=stack.bootstrap_servers,
            lookup_url=proxy.url,
            optouts_url=stack.optouts_url,
            changes=own,
        )

    @property
    def envelopes(self) -> Envelopes:
        """The envelopes with the key of this run, to open sealed payloads."""
        return Envelopes(load_key_ring(f"file:{self.stack.run_dir / 'privacy_keys.json'}").envelopes)

    def start(self, *, parallelism: int = 1, savepoint: str | None = None) -> None:
        """Submits the job and waits until it runs. Without a savepoint it reads the records sent since this object was
        created.
        """
        if savepoint is None:
            self._commit_start()
        self.job_id = self.stack.flink.submit(
            JOB, parallelism=parallelism, properties_path=self._properties, savepoint=savepoint
        )
        self.stack.flink.rest.wait_running(self.job_id, _RUNNING_S)

    def send(self, records: Iterable[Record]) -> ProduceReport:
        report = produce(records, ProduceSettings(bootstrap_servers=self.stack.bootstrap_servers, linger_ms=1))
        assert not report.failed
        return report

    def send_values(self, *values: bytes, timestamp_ms: int | None = None) -> None:
        now = time.time_ns() // 1_000_000
        self.send(Record(value, timestamp_ms or now) for value in values)

    def outcome(self, *, idle_s: float = 20) -> Outcome:
        """Waits until every raw record of this run has its outcome or nothing came for ``idle_s``, then balances."""
        servers = self.stack.bootstrap_servers
        raw = read_raw(servers, start=self.raw_start)
        reader = TopicReader(servers, OUTPUTS, isolation="read_committed", start=self.output_start)
        observed: list[ObservedRecord] = []
        records: dict[str, list[tuple[bytes | None, dict[str, Any]]]] = {topic: [] for topic in OUTPUTS}
        identify = {topic: identifier(topic) for topic in OUTPUTS}
        since = time.monotonic()
        try:
            while time.monotonic() - since < idle_s:
                for message in reader.batch(0.1):
                    since = time.monotonic()
                    topic, value = message.topic(), message.value() or b""
                    event_id, sha256, reason, notes = identify[topic](value)
                    digest = None if sha256 is None else bytes.fromhex(sha256)
                    observed.append(ObservedRecord(topic, event_id, digest, reason, notes=notes))
                    records[topic].append((message.key(), json.loads(value)))
                counts = {topic: len(found) for topic, found in records.items()}
                # Wait a second more, because duplicates would come after the last record.
                if complete(counts, len(raw), EXPECTED.every_event) and time.monotonic() - since > 1:
                    break
        finally:
            reader.close()
        found = balance(raw, observed, routes=EXPECTED.routes, without_consent=EXPECTED.without_consent)
        return Outcome(found, enriched_ids(observed, EXPECTED.topics), records)

    def committed_now(self, *, whole: bool = False) -> dict[str, list[dict[str, Any]]]:
        """Topic → committed records of this run, up to each partition's oldest open transaction. ``whole``: also those
        of earlier runs.
        """
        found: dict[str, list[dict[str, Any]]] = {topic: [] for topic in OUTPUTS}
        servers = self.stack.bootstrap_servers
        start = None if whole else self.output_start
        for message in read_whole(servers, OUTPUTS, isolation="read_committed", start=start):
            found[message.topic()].append(json.loads(message.value() or b""))
        return found

    def committed_ids(self, topic: str) -> list[str]:
        """Ids of all committed events of a topic, from its beginning."""
        messages = read_whole(self.stack.bootstrap_servers, [topic], isolation="read_committed")
        return [json.loads(message.value() or b"")["event_id"] for message in messages]

    def emitted_ids(self) -> set[str]:
        """Ids of all enriched events emitted so far, committed or not."""
        messages = read_whole(
            self.stack.bootstrap_servers,
            [topics.ANALYTICS.name],
            isolation="read_uncommitted",
            start=self.output_start,
        )
        return {json.loads(message.value() or b"")["event_id"] for message in messages}

    def forget(self, kind: Kind, key: str) -> None:
        """Deletes a key from the lookup service's caches, because a value cached by another test could be served as
        stale.
        """
        url = f"{self.stack.lookup_url}/v1/cache/{kind}/{key}"
        httpx.delete(url, timeout=10, trust_env=False).raise_for_status()

    def committed(self) -> int:
        """Approximate number of committed output records, for progress only: it includes transaction markers."""
        ends = end_offsets(self.stack.bootstrap_servers, OUTPUTS)
        return sum(ends[place] - self.output_start[place] for place in ends)

    def task_managers(self) -> set[int]:
        """Numbers of the task managers on which this job runs."""
        with httpx.Client(base_url=self.stack.flink.rest_url, timeout=10, trust_env=False) as client:
            vertices = client.get(f"/jobs/{self.job_id}").raise_for_status().json()["vertices"]
            found = [
                subtask["taskmanager-id"]
                for vertex in vertices
                for subtask in client.get(f"/jobs/{self.job_id}/vertices/{vertex['id']}").json()["subtasks"]
            ]
        return {int(name.removeprefix("tm-")) for name in found}

    def kill_task_managers(self) -> None:
        """Kills all of them with SIGKILL, so that the job is down until new ones start."""
        for number in self.stack.flink.rest.taskmanagers():
            self.stack.flink.kill_taskmanager(int(number.removeprefix("tm-")))

    def start_task_managers(self) -> None:
        """Starts as many as the stack had."""
        for _ in range(self.stack.options.taskmanagers):
            self.stack.flink.add_taskmanager(wait=False)

    @property
    def restarts(self) -> int:
        return self.stack.flink.rest.restarts(self.job_id)

    def stop_with_savepoint(self) -> str:
        savepoint = self.stack.flink.rest.stop_with_savepoint(self.job_id)
        self.job_id = ""
        return savepoint

    def close(self) -> None:
        if self.job_id:
            self.stack.flink.rest.cancel(self.job_id)

    def _commit_start(self) -> None:
        consumer = Consumer({"bootstrap.servers": self.stack.bootstrap_servers, "group.id": self.name})
        try:
            consumer.commit(
                offsets=[TopicPartition(topic, part, at) for (topic, part), at in self.raw_start.items()],
                asynchronous=False,
            )
        finally:
            consumer.close()
