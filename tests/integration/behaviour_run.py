"""A run of the behaviour job in the shared stack, with its own offsets, consumer group and transactional ids."""

import itertools
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from applications.behaviour.events.behaviour_event import logged, read_event
from assurance.reconciliation.sessions.balance import SessionsSummary, balance_sessions
from assurance.reconciliation.sessions.outputs import SessionOutputs
from common.flink.property_groups import Groups, changed
from common.kafka.topic_reader import end_offsets, read_whole
from contracts.fixed_topics import BEHAVIOUR, BEHAVIOUR_MESSAGES, IDENTITIES, SESSIONIZED, SESSIONS, SESSIONS_LATE
from contracts.sessions.records import SessionRecord
from contracts.topics import BEHAVIOUR_EVENTS
from deploy.jobs import BEHAVIOUR as JOB
from deploy.profiles import BEHAVIOUR_LOCAL, Profile
from local_stack.jobs import submit
from local_stack.stack import LocalStack
from tests.applications.behaviour.reference import Session, reference
from tests.integration.behaviour_events import encode, key_of

_numbers = itertools.count()
_IN = (BEHAVIOUR_EVENTS.name, BEHAVIOUR_MESSAGES.name)
_OUT = tuple(topic.name for topic in BEHAVIOUR)
ROCKSDB = replace(BEHAVIOUR_LOCAL, state_backend="rocksdb")


@dataclass(frozen=True)
class Sessionized:
    """What a read_committed consumer saw of a run."""

    summary: SessionsSummary
    outputs: SessionOutputs
    stamped: list[dict[str, Any]]
    records: list[SessionRecord]
    late: list[dict[str, Any]]
    identities: list[tuple[bytes | None, bytes | None]]

    @property
    def final(self) -> dict[str, SessionRecord]:
        """The newest record of each session that is not part of another one."""
        return {name: each for name, each in self.outputs.newest.items() if each.kind != "superseded"}


class BehaviourJobRun:
    def __init__(self, stack: LocalStack, name: str, changes: Groups, profile: Profile) -> None:
        self.stack = stack
        self.name = f"{name}-{next(_numbers)}"
        self.sent: list[dict[str, Any]] = []
        self._profile = profile
        self._changes = changed(
            {"job": {"group.id": self.name}, "sink": {"transactional.id.prefix": self.name}}, changes
        )
        self._in_start = end_offsets(stack.bootstrap_servers, _IN)
        self._out_start = end_offsets(stack.bootstrap_servers, _OUT)
        self._producer = Producer({"bootstrap.servers": stack.bootstrap_servers, "linger.ms": 1})
        self.job_id = ""

    def start(self, *, parallelism: int = 1, savepoint: str | None = None) -> None:
        """Without a savepoint it reads what was sent since this object was made."""
        if savepoint is None:
            self._commit_start()
        self.job_id = submit(
            self.stack, JOB, self._changes, profile=self._profile, parallelism=parallelism, savepoint=savepoint
        )

    def send(self, events: Iterable[dict[str, Any]], *, per_second: float = 0) -> None:
        began = time.monotonic()
        for number, each in enumerate(events):
            if per_second and (ahead := began + number / per_second - time.monotonic()) > 0.005:
                time.sleep(ahead)
            self.sent.append(each)
            self._producer.produce(
                BEHAVIOUR_EVENTS.name,
                encode(each),
                key_of(each),
                timestamp=each["collector_tstamp"],
                on_delivery=_check,
            )
            self._producer.poll(0)
        assert not self._producer.flush(30)

    def stamped_now(self) -> int:
        return self.read().outputs.sessionized.total()

    def wait_stamped(self, events: int, timeout_s: float = 60) -> None:
        until = time.monotonic() + timeout_s
        while (found := self.stamped_now()) < events:
            assert time.monotonic() < until, f"{found} of {events} events are stamped"
            time.sleep(0.3)

    def result(self, *, timeout_s: float = 90, quiet_s: float = 1.5) -> Sessionized:
        """Waits until every event has its place and nothing more comes, ends event time, and balances."""
        visitors = sum(key_of(each) is not None for each in self.sent)
        until, found, changed_at = time.monotonic() + timeout_s, self.read(), time.monotonic()
        while True:
            time.sleep(0.3)
            before, found = found, self.read()
            if len(found.records) != len(before.records) or len(found.stamped) != len(before.stamped):
                changed_at = time.monotonic()
            done = len(found.stamped) + len(found.late) >= visitors
            if (done and time.monotonic() - changed_at > quiet_s) or time.monotonic() > until:
                break
        self.stack.flink.rest.stop_with_savepoint(self.job_id, drain=True)
        self.job_id = ""
        return self.read()

    def replace_task_managers(self) -> None:
        """Kills all of them with SIGKILL, and starts new ones."""
        flink = self.stack.flink
        for number in flink.rest.taskmanagers():
            flink.kill_taskmanager(int(number.removeprefix("tm-")))
        for _ in range(self.stack.options.taskmanagers):
            flink.add_taskmanager(wait=False)

    def close(self) -> None:
        if self.job_id:
            self.stack.flink.rest.cancel(self.job_id)

    def reference(self) -> dict[str, Session]:
        """The sessions of what was sent, where each event has its browser or account only."""
        by_visitor = defaultdict(list)
        for each in self.sent:
            made = read_event(encode(each))
            if made.domain_userid is not None:
                by_visitor["browser", made.domain_userid].append(logged(made))
            elif made.user_id is not None:
                by_visitor["account", made.user_id].append(logged(made))
        return {found.id: found for key, events in by_visitor.items() for found in reference(*key, events)}

    def read(self) -> Sessionized:
        servers, outputs = self.stack.bootstrap_servers, SessionOutputs()
        for each in self.sent:
            outputs.add(BEHAVIOUR_EVENTS.name, encode(each))
        found: dict[str, list[Any]] = {topic: [] for topic in _OUT}
        for message in read_whole(servers, _OUT, isolation="read_committed", start=self._out_start):
            topic, value = message.topic(), message.value()
            found[topic].append((message.key(), value))
            if topic in (SESSIONIZED.name, SESSIONS.name, SESSIONS_LATE.name):
                outputs.add(topic, value or b"")
        decode = msgspec.json.decode
        return Sessionized(
            balance_sessions(outputs),
            outputs,
            [decode(value) for _, value in found[SESSIONIZED.name]],
            [decode(value, type=SessionRecord) for _, value in found[SESSIONS.name]],
            [decode(value) for _, value in found[SESSIONS_LATE.name]],
            found[IDENTITIES.name],
        )

    def _commit_start(self) -> None:
        consumer = Consumer({"bootstrap.servers": self.stack.bootstrap_servers, "group.id": self.name})
        offsets = [TopicPartition(topic, partition, at) for (topic, partition), at in self._in_start.items()]
        consumer.commit(offsets=offsets, asynchronous=False)
        consumer.close()


def _check(error: object, _: object) -> None:
    assert error is None, error
