"""The pure parts of both jobs, without Flink: every entity's state after a stream of events, in memory."""

from collections import Counter, deque
from collections.abc import Iterable
from typing import Final

import msgspec

from applications.behaviour.features.features import Features
from applications.behaviour.features.outbox import Outbox
from applications.behaviour.sessions.rules import SessionRules
from applications.behaviour.sessions.sessions import Limits, Sessions
from applications.behaviour.visitors.behaviour import Behaviour
from applications.behaviour.visitors.kept import Kept
from applications.behaviour.visitors.links import Links
from applications.behaviour.visitors.messages import read_message
from applications.behaviour.visitors.output import Record
from applications.features.entities import ENTITIES
from applications.features.entity_states import EntityStates
from applications.features.kept import Kept as KeptEntity
from applications.features.messages import Counted
from applications.features.seen_ids import short_id
from contracts.fixed_topics import BEHAVIOUR_MESSAGES, SESSIONIZED, SESSIONS
from contracts.sessions.records import SessionRecord
from core.features.contributions import Contributions
from core.features.model import EntityName, FeatureSet
from core.features.source_events import TIME_FIELDS, BehaviourEvent, Source
from core.features.state import EntityState, unpack
from core.risk.security_event import SecurityEvent
from tests.applications.behaviour.visitors_of import MemoryChunks

_RULES: Final = SessionRules()
_LIMITS: Final = Limits()
_OUT_OF_ORDER_MS: Final = 60_000


_encode = msgspec.json.Encoder().encode


class _Stamped(msgspec.Struct):
    session_is_repeated: bool = False


_read_stamp = msgspec.json.Decoder(_Stamped).decode
_read_session = msgspec.json.Decoder(SessionRecord).decode


class OnlineRun:
    def __init__(self, features: FeatureSet) -> None:
        self._outbox = Outbox()
        self.counts = Counter[str]()
        rules = Features(
            features,
            self._outbox,
            lambda: 0,
            self._count,
            cap_ms=_RULES.cap_ms,
            idle_ms=_RULES.idle_ms,
            publish_ms=1000,
        )
        links = Links(_RULES.idle_ms, _LIMITS.lateness_ms)
        self._behaviour = Behaviour(Sessions(_RULES, _LIMITS), links, self._count, features=rules)
        self._kept: dict[str, Kept] = {}
        self._watermark = 0
        self._messages: deque[tuple[str, bytes]] = deque()
        self._sources: dict[Source, Contributions] = {
            "behaviour": Contributions(features, "behaviour", ENTITIES),
            "security": Contributions(features, "security", ENTITIES),
        }
        self._entities = EntityStates(features, publish_ms=1000, most_ids=2_000)
        self._kept_entities: dict[tuple[EntityName, str], KeptEntity] = {}
        self._visitors: dict[tuple[EntityName, str], bytes] = {}
        self._sessions: dict[str, SessionRecord] = {}

    def behaviour(self, event: BehaviourEvent) -> None:
        key = event.domain_userid or event.user_id
        if key is None:
            return
        self._watermark = max(self._watermark, event.derived_tstamp - _OUT_OF_ORDER_MS)
        kept = self._kept_of(key)
        self._take(self._behaviour.take(kept, _encode(event), event, self._watermark), event)
        while self._messages:
            to, value = self._messages.popleft()
            self._take(self._behaviour.take(self._kept_of(to), value, read_message(value), self._watermark), event)

    def security(self, event: SecurityEvent) -> None:
        self._tell("security", event)

    def states(self) -> dict[tuple[EntityName, str], EntityState]:
        """By entity and id."""
        found = {key: unpack(packed) for key, packed in self._visitors.items()}
        return found | {key: kept.state for key, kept in self._kept_entities.items()}

    def sessions(self) -> Iterable[tuple[str, str, str, int, int]]:
        """(visitor_id, visitor_kind, session_id, start, end) of those that count."""
        for each in self._sessions.values():
            if each.kind != "superseded":
                yield each.visitor_id, each.visitor_kind, each.session_id, each.start_tstamp, each.end_tstamp

    def _kept_of(self, key: str) -> Kept:
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = Kept(key, None, MemoryChunks())
        elif 0 < self._behaviour.due(kept) <= self._watermark:
            # In a job a timer has done so before.
            self._take(self._behaviour.at_time(kept, self._watermark), None)
        return kept

    def finish(self) -> None:
        """Time goes on by a day after the last event: all timers until then."""
        self._watermark += 24 * 3_600_000
        for key in list(self._kept):
            self._kept_of(key)

    def _take(self, records: list[Record], event: BehaviourEvent | None) -> None:
        for entity, entity_id, _, packed in self._outbox.take_changes():
            if packed is None:
                self._visitors.pop((entity, entity_id), None)
            else:
                self._visitors[entity, entity_id] = packed
        self._outbox.take_records()
        for topic, key, value, _ in records:
            if value is None or key is None:
                continue
            if topic == BEHAVIOUR_MESSAGES.name:
                self._messages.append((key.decode(), value))
            elif topic == SESSIONS.name:
                session = _read_session(value)
                known = self._sessions.get(session.session_id)
                if known is None or session.version > known.version:
                    self._sessions[session.session_id] = session
            elif topic == SESSIONIZED.name and event is not None and not _read_stamp(value).session_is_repeated:
                self._tell("behaviour", event)

    def _tell(self, source: Source, event: BehaviourEvent | SecurityEvent) -> None:
        at: int = getattr(event, TIME_FIELDS[source])
        short = b"" if source == "behaviour" else short_id(event.event_id)
        for entity, entity_id, told in self._sources[source].of(event):
            kept = self._kept_entities.setdefault((entity, entity_id), KeptEntity.new())
            message = Counted(entity, entity_id, at, [(each.feature.id, each.value) for each in told], short)
            self._entities.count(kept, message, 0)

    def _count(self, name: str, n: int = 1) -> None:
        self.counts[name] += n
