"""A run of the job features in the shared stack, with offsets, consumer group, ids and a Redis of its own."""

import itertools
import time
from base64 import b64decode
from collections.abc import Iterable

import httpx
import msgspec
import redis
from confluent_kafka import Consumer, Producer, TopicPartition

from applications.features.entities import ENTITIES
from applications.features.feature_file import features_of
from applications.features.store.mark import mark_key
from common.flink.property_groups import Groups, changed
from common.kafka.topic_reader import end_offsets, read_whole
from contracts.features.erasures import EraseFeatures, Forget
from contracts.features.records import FeatureState
from contracts.fixed_topics import BEHAVIOUR_MESSAGES, FEATURES, SESSIONIZED
from contracts.lookup_api.features import redis_key
from contracts.topics import SECURITY
from core.features.model import EntityName, FeatureSet
from core.features.state import EntityState, unpack
from core.features.stored import decode_entity
from deploy.jobs import FEATURES as JOB
from deploy.paths import FEATURES_FILE
from deploy.profiles import Profile
from local_stack.jobs import submit
from local_stack.stack import LocalStack
from tests.applications.features.events import Event, States, encode, folded, values_of

_numbers = itertools.count()
_IN = (SESSIONIZED.name, SECURITY.name, BEHAVIOUR_MESSAGES.name)
_LATER_MS = (0, 60_000, 3_600_000, 86_400_000, 7 * 86_400_000)
_read = msgspec.json.Decoder(FeatureState).decode
_pack = msgspec.msgpack.Encoder().encode


class FeaturesJobRun:
    def __init__(self, stack: LocalStack, name: str, redis_url: str, changes: Groups, profile: Profile) -> None:
        self.stack, self._profile = stack, profile
        self.name = f"{name[5:25]}-{next(_numbers)}-"
        """Begins the id of every event, account, listing and seller."""
        self.behaviour: list[Event] = []
        self.security: list[Event] = []
        own = {
            "job": {"group.id": self.name},
            "sink": {"transactional.id.prefix": self.name},
            "features": {"redis.url": redis_url, "publish.ms": "1000", "publish.values": "true"},
        }
        self._changes = changed(own, changes)
        self._in_start = end_offsets(stack.bootstrap_servers, _IN)
        self._out_start = end_offsets(stack.bootstrap_servers, (FEATURES.name,))
        self._producer = Producer({"bootstrap.servers": stack.bootstrap_servers, "linger.ms": 1})
        self.redis = redis.Redis.from_url(redis_url)
        self.features: FeatureSet = features_of(FEATURES_FILE.read_text())
        self.job_id = ""

    def start(self, *, parallelism: int = 1, savepoint: str | None = None) -> None:
        """Without a savepoint it reads what was sent since this object was made."""
        if savepoint is None:
            self._commit_start()
        self.job_id = submit(
            self.stack, JOB, self._changes, profile=self._profile, parallelism=parallelism, savepoint=savepoint
        )

    def send(self, behaviour: Iterable[Event] = (), security: Iterable[Event] = (), *, per_second: float = 0) -> None:
        """Repeated ones are not kept for the reference."""
        began = time.monotonic()
        both = itertools.zip_longest(behaviour, security)
        for number, (visit, sign_in) in enumerate(both):
            if per_second and (ahead := began + number / per_second - time.monotonic()) > 0.005:
                time.sleep(ahead)
            if visit is not None:
                if not visit.get("session_is_repeated"):
                    self.behaviour.append(visit)
                self.send_value(SESSIONIZED.name, visit["visitor_id"], encode(visit))
            if sign_in is not None:
                self.security.append(sign_in)
                self.send_value(SECURITY.name, sign_in["user_id"], encode(sign_in))
        assert not self._producer.flush(30)

    def tell(self, message: Forget | EraseFeatures) -> None:
        self.send_value(BEHAVIOUR_MESSAGES.name, "key", _pack(message))
        assert not self._producer.flush(30)

    def send_value(self, topic: str, key: str, value: bytes) -> None:
        self._producer.produce(topic, value, key.encode(), on_delivery=_check)
        self._producer.poll(0)

    def expected(self) -> States:
        return folded(self.features, self.behaviour, self.security)

    def stored(self) -> States:
        found: States = {}
        for key in self.redis.scan_iter("features:*"):
            entity, _, entity_id = key.decode().removeprefix("features:").partition(":")
            if entity in ENTITIES and entity_id.startswith(self.name):
                value = self.redis.get(key)
                assert isinstance(value, bytes)
                decoded = decode_entity(value)
                assert decoded is not None
                found[entity, entity_id] = decoded.state
        return found

    def records(self) -> dict[str, list[FeatureState | None]]:
        """Committed ones of this run, by key."""
        found: dict[str, list[FeatureState | None]] = {}
        servers, topics = self.stack.bootstrap_servers, (FEATURES.name,)
        for message in read_whole(servers, topics, isolation="read_committed", start=self._out_start):
            key = (message.key() or b"").decode()
            if key.partition(":")[2].startswith(self.name):
                value = message.value()
                found.setdefault(key, []).append(None if value is None else _read(value))
        return found

    def wait_equal(self, expected: States | None = None, timeout_s: float = 60.0) -> None:
        """Until the store and the last records have the values of ``expected`` now and later, and nothing else."""
        expected = self.expected() if expected is None else expected
        until = time.monotonic() + timeout_s
        while different := self._different(expected):
            assert time.monotonic() < until, f"{len(different)} differ: {different[:3]}"
            time.sleep(0.5)

    def metric(self, name: str) -> float:
        """The sum of the job's functions and subtasks. Flink is seconds behind."""
        found = 0.0
        job = f"{self.stack.flink.rest.url}/jobs/{self.job_id}"
        with httpx.Client(trust_env=False) as client:
            for vertex in client.get(job).json()["vertices"]:
                path = f"{job}/vertices/{vertex['id']}/subtasks/metrics"
                names = [each["id"] for each in client.get(path).json() if each["id"].endswith(f".{name}")]
                if names:
                    found += sum(e["sum"] for e in client.get(path, params={"get": ",".join(names)}).json())
        return found

    def mark(self, subtask: int = 0) -> int:
        value = self.redis.get(mark_key(self.name, subtask))
        return int(value) if isinstance(value, bytes) else 0

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

    def _different(self, expected: States) -> list[str]:
        stored, records = self.stored(), self.records()
        last = {key: each[-1] for key, each in records.items() if each[-1] is not None}
        found = [f"only one has {each}" for each in stored.keys() ^ expected.keys()]
        found += [f"only one has the record {key}" for key in last.keys() ^ {":".join(each) for each in expected}]
        for (entity, entity_id), state in expected.items():
            record = last.get(f"{entity}:{entity_id}")
            if (entity, entity_id) not in stored or record is None:
                continue
            if not self._is_equal(entity, stored[entity, entity_id], state):
                found.append(f"the store: {redis_key(entity, entity_id)}")
            if not self._is_equal(entity, unpack(b64decode(record.state)), state):
                found.append(f"the record of {entity}:{entity_id}")
            elif record.values != values_of(self.features, entity, state, state.newest):
                found.append(f"the record's values of {entity}:{entity_id}")
        return found

    def _is_equal(self, entity: EntityName, found: EntityState, expected: EntityState) -> bool:
        instants = [expected.newest + later for later in _LATER_MS]
        return found.newest == expected.newest and all(
            values_of(self.features, entity, found, t) == values_of(self.features, entity, expected, t)
            for t in instants
        )

    def _commit_start(self) -> None:
        consumer = Consumer({"bootstrap.servers": self.stack.bootstrap_servers, "group.id": self.name})
        offsets = [TopicPartition(topic, partition, at) for (topic, partition), at in self._in_start.items()]
        consumer.commit(offsets=offsets, asynchronous=False)
        consumer.close()


def _check(error: object, _: object) -> None:
    assert error is None, error
