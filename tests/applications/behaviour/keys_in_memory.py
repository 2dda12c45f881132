"""The job without Flink: the states of all keys, and the messages between them, which arrive when the test says so.

Each record finds its key's state packed, as after a restart. Messages from one key to another keep their order, as in a
partition of Kafka; all others may pass each other.
"""

from collections import Counter, deque
from collections.abc import Collection
from typing import Any, TypeVar

import msgspec

from applications.behaviour.features.features import Features
from applications.behaviour.metric_names import CounterName
from applications.behaviour.sessions.rules import SessionRules
from applications.behaviour.sessions.sessions import Limits, Sessions
from applications.behaviour.visitors.behaviour import Behaviour
from applications.behaviour.visitors.kept import Kept
from applications.behaviour.visitors.links import Links
from applications.behaviour.visitors.messages import Message, read_message
from applications.behaviour.visitors.output import Record
from contracts.fixed_topics import BEHAVIOUR_MESSAGES, IDENTITIES, SESSIONIZED, SESSIONS, SESSIONS_LATE, Topic
from contracts.sessions.identities import Identity
from contracts.sessions.records import SessionRecord
from tests.applications.behaviour.visitors_of import MemoryChunks, T

Event = dict[str, Any]
_S = TypeVar("_S")


def browser_event(browser: str, at: int, account: str | None = None, **fields: object) -> Event:
    """:param at: ms behind :data:`T`."""
    return _event(at, domain_userid=browser, **({} if account is None else {"user_id": account}), **fields)


def account_event(account: str, at: int, **fields: object) -> Event:
    return _event(at, user_id=account, **fields)


def _event(at: int, **fields: object) -> Event:
    named = {"event_id": f"event-{at}-{fields.get('domain_userid')}", "event_name": "page_view", **fields}
    return {**named, "collector_tstamp": T + at, "derived_tstamp": T + at}


class Keys:
    def __init__(
        self,
        rules: SessionRules | None = None,
        limits: Limits | None = None,
        opted_out: Collection[str] = (),
        features: Features | None = None,
    ) -> None:
        rules, limits = rules or SessionRules(), limits or Limits()
        links = Links(rules.idle_ms, limits.lateness_ms)
        self.behaviour = Behaviour(Sessions(rules, limits), links, self._count, opted_out, features)
        self.counts = Counter[str]()
        self.packed: dict[str, bytes] = {}
        self.chunks: dict[str, MemoryChunks] = {}
        self.waiting: dict[tuple[str, str], deque[bytes]] = {}
        """(from, to) → messages, the oldest first."""
        self.written: list[Record] = []
        self.watermark = 0

    def see(self, *events: Event) -> None:
        for event in events:
            self.receive(event.get("domain_userid") or event["user_id"], msgspec.json.encode(event))

    def receive(self, key: str, value: bytes) -> list[Record]:
        kept = self.kept(key)
        return self._keep(kept, self.behaviour.receive(kept, value, self.watermark))

    def deliver_one(self, number: int) -> None:
        """The oldest message of one of the pairs that have any."""
        pairs = sorted(self.waiting)
        pair = pairs[number % len(pairs)]
        value = self.waiting[pair].popleft()
        if not self.waiting[pair]:
            del self.waiting[pair]
        self.receive(pair[1], value)

    def deliver(self) -> None:
        while self.waiting:
            self.deliver_one(0)

    def move(self, watermark: int) -> None:
        """Time goes on to the watermark, in ms behind :data:`T`; the timers up to it fire."""
        self.watermark = T + watermark
        for key in sorted(self.packed):
            kept = self.kept(key)
            if 0 < self.behaviour.due(kept) <= self.watermark:
                self._keep(kept, self.behaviour.at_time(kept, self.watermark))
                # Else the timer would be set again at once, and for ever.
                assert not 0 < self.behaviour.due(kept) <= self.watermark

    def kept(self, key: str) -> Kept:
        return Kept(key, self.packed.get(key), self.chunks.setdefault(key, MemoryChunks()))

    def sessions(self) -> list[SessionRecord]:
        return self._of(SESSIONS, SessionRecord)

    def identities(self) -> list[Identity | None]:
        decoder = msgspec.json.Decoder(Identity)
        return [None if value is None else decoder.decode(value) for value in self.values(IDENTITIES)]

    def stamped(self) -> list[Event]:
        return self._of(SESSIONIZED, Event)

    def too_late(self) -> list[Event]:
        return self._of(SESSIONS_LATE, Event)

    def messages(self) -> list[tuple[str, Message]]:
        """(to, message) of all that were ever sent."""
        return [
            (key.decode(), read_message(value))
            for topic, key, value, _ in self.written
            if topic == BEHAVIOUR_MESSAGES.name and key is not None and value is not None
        ]

    def values(self, topic: Topic) -> list[bytes | None]:
        return [value for name, _, value, _ in self.written if name == topic.name]

    def _of(self, topic: Topic, kind: type[_S]) -> list[_S]:
        return [msgspec.json.decode(value, type=kind) for value in self.values(topic) if value is not None]

    def _keep(self, kept: Kept, records: list[Record]) -> list[Record]:
        packed = kept.packed()
        if packed is None:
            self.packed.pop(kept.key, None)
        else:
            self.packed[kept.key] = packed
        for topic, key, value, _ in records:
            if topic == BEHAVIOUR_MESSAGES.name and key is not None and value is not None:
                self.waiting.setdefault((kept.key, key.decode()), deque()).append(value)
        self.written += records
        return records

    def _count(self, name: CounterName, n: int = 1) -> None:
        self.counts[name] += n
