"""The job without Flink that keeps features, with the store and the topic as their readers have them."""

from base64 import b64decode
from collections import Counter
from collections.abc import Collection
from dataclasses import replace

import msgspec

from applications.behaviour.features.features import Features
from applications.behaviour.features.outbox import Outbox
from applications.behaviour.sessions.rules import SessionRules
from applications.behaviour.sessions.sessions import Limits
from applications.behaviour.visitors.kept import Kept
from applications.behaviour.visitors.output import Record
from contracts.features.records import FeatureState
from core.features.declarations.load import load_features
from core.features.model import FeatureSet, Value
from core.features.state import EntityState, pack, unpack
from core.features.values import values_at
from tests.applications.behaviour.keys_in_memory import Keys
from tests.applications.behaviour.visitors_of import T

TEXT = """
session_idle: 30m
entities:
  - {name: browser, source: behaviour, key: domain_userid, ttl: 30d}
  - {name: session, source: behaviour, key: domain_userid, ttl: 2d}
features:
  - {name: depth, entity: browser, version: 1, description: Events., aggregation: count, windows: [1m, 1h, session]}
  - name: views
    entity: browser
    version: 1
    description: Views.
    filter: event_name == 'listing_view'
    aggregation: count
    windows: [1h, 24h, session]
  - {name: sum, entity: browser, version: 1, description: Prices., aggregation: sum, value: price, windows: [24h]}
  - name: last
    entity: browser
    version: 1
    description: Listings.
    aggregation: last_n
    n: 3
    value: listing_id
    distinct: true
    windows: [lifetime]
  - {name: depth, entity: session, version: 1, description: Events., aggregation: count, windows: [session]}
  - name: views
    entity: session
    version: 1
    description: Views.
    filter: event_name == 'listing_view'
    aggregation: count
    windows: [session]
  - {name: sum, entity: session, version: 1, description: Prices., aggregation: sum, value: price, windows: [session]}
  - name: last
    entity: session
    version: 1
    description: Listings.
    aggregation: last_n
    n: 3
    value: listing_id
    distinct: true
    windows: [session]
"""


def declared(idle_ms: int = 1_800_000) -> FeatureSet:
    found = load_features(TEXT.replace("session_idle: 30m", f"session_idle: {idle_ms}ms"))
    assert isinstance(found, FeatureSet), found
    return found


class KeysWithFeatures(Keys):
    """Each record finds its key's state packed. The store refuses a state that is older than the one it has."""

    def __init__(
        self,
        rules: SessionRules | None = None,
        limits: Limits | None = None,
        opted_out: Collection[str] = (),
        *,
        publish_ms: int = 0,
        kept_ms: int = 24 * 3_600_000,
        in_memory: bool = False,
    ) -> None:
        """:param in_memory: each record finds what the one before left in memory, as a visitor of the job's mirror."""
        self._mirror: dict[str, Kept] | None = {} if in_memory else None
        rules = rules or SessionRules()
        self.features_counts = Counter[str]()
        self.declared = declared(rules.idle_ms)
        self.outbox, self.clock = Outbox(), 1_000_000
        self.store: dict[str, EntityState] = {}
        self.topic: dict[str, FeatureState] = {}
        self.publications: list[str] = []
        self.packed_store: dict[str, bytes] = {}
        self.log: list[tuple[bytes, bytes | None, int]] = []
        """Every record of the topic: (key, value, timestamp)."""
        self._settings = rules, limits, opted_out, kept_ms, publish_ms
        super().__init__(rules, limits, opted_out, self._features())

    def declare(self, entities: Collection[str]) -> None:
        """The job starts again with a file that has these entities alone."""
        features = tuple(each for each in self.declared.features if each.entity in entities)
        named = {name: each for name, each in self.declared.entities.items() if name in entities}
        self.declared = replace(self.declared, entities=named, features=features)
        rules, limits, opted_out, *_ = self._settings
        Keys.__init__(again := Keys.__new__(Keys), rules, limits, opted_out, self._features())
        self.behaviour = again.behaviour

    def _features(self) -> Features:
        rules, _, _, kept_ms, publish_ms = self._settings
        return Features(
            self.declared,
            self.outbox,
            lambda: self.clock,
            self._count_features,
            cap_ms=kept_ms,
            idle_ms=rules.idle_ms,
            publish_ms=publish_ms,
        )

    def kept(self, key: str) -> Kept:
        found = super().kept(key) if self._mirror is None or key not in self._mirror else self._mirror[key]
        if self._mirror is not None:
            self._mirror[key] = found
        return found

    def renew(self) -> None:
        """The timers of those whose sessions wait to be made anew."""
        for key in sorted(self.packed):
            kept = self.kept(key)
            if kept.must_renew:
                self._keep(kept, self.behaviour.at_time(kept, self.watermark))

    def tick(self, ms: int) -> None:
        """The clock goes on; its timers fire."""
        self.clock += ms
        for key in sorted(self.packed):
            kept = self.kept(key)
            if 0 < self.behaviour.publication_due(kept) <= self.clock:
                self._keep(kept, self.behaviour.publish_features(kept, self.clock))
                assert self.behaviour.publication_due(kept) == 0

    def served(self, name: str, at: int | None = None) -> dict[str, Value]:
        """Of ``browser:b`` as a reader of the store has them, at the newest event or a later time.

        :param at: ms behind :data:`T`.
        """
        state = self.store[name]
        entity = name.partition(":")[0]
        wanted = [(each, window) for each in self.declared.features if each.entity == entity for window in each.windows]
        return values_at(state, wanted, state.newest if at is None else T + at, self.declared)

    def assert_topic_equals_store(self) -> None:
        assert self.topic.keys() == self.store.keys()
        for name, record in self.topic.items():
            assert b64decode(record.state) == pack(self.store[name])
            assert record.newest_tstamp == self.store[name].newest
            assert record.values == self.served(name)

    def _keep(self, kept: Kept, records: list[Record]) -> list[Record]:
        for entity, entity_id, newest_ms, packed in self.outbox.take_changes():
            name = f"{entity}:{entity_id}"
            if packed is None:
                self.store.pop(name, None)
                continue
            assert name not in self.store or self.store[name].newest <= newest_ms, "the store would refuse it"
            self.store[name] = unpack(packed)
            self.packed_store[name] = packed
            assert self.store[name].newest == newest_ms
        for _, key, value, at in self.outbox.take_records():
            assert key is not None
            self.log.append((key, value, at))
            self.publications.append(key.decode())
            if value is None:
                self.topic.pop(key.decode(), None)
            else:
                self.topic[key.decode()] = msgspec.json.decode(value, type=FeatureState)
        return super()._keep(kept, records)

    def _count_features(self, name: str, n: int = 1) -> None:
        self.features_counts[name] += n
