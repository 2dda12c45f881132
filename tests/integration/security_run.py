"""A run of the job account_security in the shared stack, with offsets, consumer group, rules and ids of its own."""

import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from common.flink.property_groups import Groups, changed
from common.kafka.topic_reader import Isolation, end_offsets, read_whole
from contracts.fixed_topics import LABELS, RULES, VERDICTS
from contracts.security.labels import Finding, Label
from contracts.security.rule_changes import RuleChange
from contracts.security.verdicts import Mode, Verdict
from contracts.topics import SECURITY
from core.risk.facets.limits import FacetLimits
from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import RuleSet
from deploy.jobs import ACCOUNT_SECURITY
from deploy.profiles import Profile
from local_stack.jobs import submit
from local_stack.stack import LocalStack
from tests.applications.account_security.in_memory import Verdicts, judged
from tests.applications.account_security.rule_files import FILES
from tests.applications.account_security.security_events import encode

_numbers = itertools.count()
_IN = (SECURITY.name, LABELS.name)
LIMITS = FacetLimits(events=500, lateness_ms=6 * 3_600_000)
_encode = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(Verdict).decode


@dataclass(frozen=True)
class Found:
    """Verdicts of a run, in the order of their partitions."""

    all: list[Verdict]

    @property
    def newest(self) -> Verdicts:
        """By (event id, mode): the last record. A subject's verdicts are in one partition."""
        return {(each.event_id, each.mode): each for each in self.all}

    @property
    def ids(self) -> dict[tuple[str, str, str, Mode, int], set[str]]:
        """Of each version of the verdict on an event."""
        found: dict[tuple[str, str, str, Mode, int], set[str]] = defaultdict(set)
        for each in self.all:
            found[each.event_id, each.flow, each.subject_id, each.mode, each.verdict_version].add(each.verdict_id)
        return found

    @property
    def by_id(self) -> dict[str, list[Verdict]]:
        found = defaultdict(list)
        for each in self.all:
            found[each.verdict_id].append(each)
        return found

    @property
    def judged(self) -> set[str]:
        """Ids of events with a live verdict."""
        return {each.event_id for each in self.all if each.mode == "live"}


class SecurityJobRun:
    def __init__(self, stack: LocalStack, name: str, changes: Groups, profile: Profile) -> None:
        self.stack, self._profile = stack, profile
        self.name = f"{name[:20]}-{next(_numbers)}"  # an event id has 64 characters at most
        self.sent: list[dict[str, Any]] = []
        folder = stack.run_dir / f"{self.name}-rules"
        folder.mkdir(exist_ok=True)
        for file, text in FILES.items():
            (folder / file).write_text(text)
        own = {
            "job": {"group.id": self.name},
            "sink": {"transactional.id.prefix": self.name},
            "rules": {"path": str(folder)},
            "risk": {"redis.url": ""},
            # A test sends hours in seconds: one partition may be an hour of event time ahead of another.
            "logs": {"facet.events": str(LIMITS.events), "facet.lateness.ms": str(LIMITS.lateness_ms)},
        }
        self._changes = changed(own, changes)
        self._in_start = end_offsets(stack.bootstrap_servers, _IN)
        self._out_start = end_offsets(stack.bootstrap_servers, (VERDICTS.name,))
        self._producer = Producer({"bootstrap.servers": stack.bootstrap_servers, "linger.ms": 1})
        self._rules: list[str] = []
        self.job_id = ""

    @property
    def rules(self) -> RuleSet:
        """Of the files."""
        loaded = load_rules(FILES)
        assert isinstance(loaded, RuleSet), loaded
        return loaded

    def start(self, *, parallelism: int = 1, savepoint: str | None = None) -> None:
        """Without a savepoint it reads what was sent since this object was made."""
        if savepoint is None:
            self._commit_start()
        self.job_id = submit(
            self.stack,
            ACCOUNT_SECURITY,
            self._changes,
            profile=self._profile,
            parallelism=parallelism,
            savepoint=savepoint,
        )

    def send(self, events: Iterable[dict[str, Any]], *, per_second: float = 0, partition: int | None = None) -> None:
        """:param partition: the events go there with their own times, as the enrichment job writes them, and not with
        the time of the test.
        """
        began = time.monotonic()
        for number, each in enumerate(events):
            if per_second and (ahead := began + number / per_second - time.monotonic()) > 0.005:
                time.sleep(ahead)
            self.sent.append(each)
            at = 0 if partition is None else each["collector_tstamp"]
            key = (each.get("user_id") or "").encode()
            self._produce(SECURITY.name, key, encode(each), -1 if partition is None else partition, at)
        assert not self._producer.flush(30)

    def send_value(self, value: bytes) -> None:
        self._produce(SECURITY.name, b"", value)
        assert not self._producer.flush(30)

    def label(self, user: str, finding: Finding, event_id: str | None, at: int) -> None:
        label = Label(
            schema="clickstream.label/1",
            label_id=f"{self.name}-{user}-{finding}-{event_id}",
            finding=finding,
            subject_kind="user",
            subject_id=user,
            event_id=event_id,
            labelled_tstamp=at,
            source="test",
        )
        self._produce(LABELS.name, user.encode(), _encode(label))
        assert not self._producer.flush(30)

    def change_rule(self, name: str, value: bytes | str | None) -> None:
        """A rule's text, or the bytes of a record as they are; None takes the change back."""
        if isinstance(value, str):
            change = RuleChange(
                schema="clickstream.rule/1", name=name, rule=value, changed_tstamp=time.time_ns() // 1_000_000
            )
            value = _encode(change)
        self._rules.append(name)
        self._produce(RULES.name, name.encode(), value)
        assert not self._producer.flush(30)

    def verdicts(self, isolation: Isolation = "read_uncommitted") -> Found:
        servers = self.stack.bootstrap_servers
        records = read_whole(servers, (VERDICTS.name,), isolation=isolation, start=self._out_start)
        return Found([_read(message.value() or b"") for message in records])

    def wait_judged(self, events: Sequence[dict[str, Any]] | None = None, timeout_s: float = 90) -> Found:
        """Until each event has a live verdict and no more verdicts come."""
        wanted = {each["event_id"] for each in (self.sent if events is None else events)}
        until, found, quiet_since = time.monotonic() + timeout_s, self.verdicts(), time.monotonic()
        while not wanted <= found.judged or time.monotonic() - quiet_since < 1.5:
            missing = len(wanted - found.judged)
            assert time.monotonic() < until, f"{missing} of {len(wanted)} events have no verdict"
            time.sleep(0.3)
            before, found = found, self.verdicts()
            if len(before.all) != len(found.all):
                quiet_since = time.monotonic()
        return found

    def wait_some(self, events: int, timeout_s: float = 60) -> None:
        until = time.monotonic() + timeout_s
        while (found := len(self.verdicts().judged)) < events:
            assert time.monotonic() < until, f"{found} of {events} events have a verdict"
            time.sleep(0.1)

    def reference(self, limits: FacetLimits = LIMITS) -> Verdicts:
        return judged({each["event_id"]: each for each in self.sent}.values(), self.rules, limits)

    def metric(self, name: str) -> float:
        """The largest sum that a function of the job has of it over its subtasks. Flink is seconds behind."""
        found = [0.0]
        job = f"{self.stack.flink.rest.url}/jobs/{self.job_id}"
        with httpx.Client(trust_env=False) as client:
            for vertex in client.get(job).json()["vertices"]:
                path = f"{job}/vertices/{vertex['id']}/subtasks/metrics"
                names = [each["id"] for each in client.get(path).json() if each["id"].endswith(f".{name}")]
                if names:
                    found += [each["sum"] for each in client.get(path, params={"get": ",".join(names)}).json()]
        return max(found)

    def replace_task_managers(self) -> None:
        """Kills all of them with SIGKILL, and starts new ones."""
        flink = self.stack.flink
        for number in flink.rest.taskmanagers():
            flink.kill_taskmanager(int(number.removeprefix("tm-")))
        for _ in range(self.stack.options.taskmanagers):
            flink.add_taskmanager(wait=False)

    def close(self) -> None:
        for name in self._rules:
            self._produce(RULES.name, name.encode(), None)
        self._producer.flush(30)
        if self.job_id:
            self.stack.flink.rest.cancel(self.job_id)

    def _produce(self, topic: str, key: bytes, value: bytes | None, partition: int = -1, at: int = 0) -> None:
        self._producer.produce(topic, value, key, partition, on_delivery=_check, timestamp=at)
        self._producer.poll(0)

    def _commit_start(self) -> None:
        consumer = Consumer({"bootstrap.servers": self.stack.bootstrap_servers, "group.id": self.name})
        offsets = [TopicPartition(topic, partition, at) for (topic, partition), at in self._in_start.items()]
        consumer.commit(offsets=offsets, asynchronous=False)
        consumer.close()


def _check(error: object, _: object) -> None:
    assert error is None, error
