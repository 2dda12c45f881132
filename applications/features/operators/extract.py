"""Events and erasures in, small messages to the entities that they concern out, each with the key of its entity."""

import time
from collections.abc import Sequence
from typing import TypeAlias

import msgspec
from pyflink.common import Row
from pyflink.datastream import ProcessFunction, RuntimeContext

from applications.features.entities import ENTITIES
from applications.features.feature_file import features_of
from applications.features.messages import Counted, Erased, encode
from applications.features.metric_names import Counters
from applications.features.seen_ids import short_id
from common.flink.fault_guard import FaultGuard
from common.flink.side_outputs import RecordRow
from contracts.features.erasures import Forget, read_erasure
from core.features.contributions import Contributions
from core.features.model import EntityName
from core.features.source_events import TIME_FIELDS, BehaviourEvent, Source
from core.risk.security_event import SecurityEvent


class SessionizedEvent(BehaviourEvent, frozen=True, gc=False):
    """A record of the topic of sessionized events, as far as it is read."""

    session_is_repeated: bool = False


Event: TypeAlias = SessionizedEvent | SecurityEvent
_EVENTS: dict[Source, type[Event]] = {"behaviour": SessionizedEvent, "security": SecurityEvent}
_COMES_ONCE: frozenset[Source] = frozenset({"behaviour"})
"""A repeated event is marked there."""


class Extract(ProcessFunction):
    """An event → a message to each entity for whose features it counts."""

    def __init__(self, source: Source, features: str, ahead_ms: int) -> None:
        """:param features: the text of their file.
        :param ahead_ms: an event that is further ahead of the clock counts for nothing.
        """
        self._source, self._features, self._ahead_ms = source, features, ahead_ms

    def open(self, runtime_context: RuntimeContext) -> None:
        source = self._source
        self._contributions = Contributions(features_of(self._features), source, ENTITIES)
        self._read = msgspec.json.Decoder(_EVENTS[source]).decode
        self._time_field, self._comes_once = TIME_FIELDS[source], source in _COMES_ONCE
        self._counters = Counters(
            runtime_context.get_metrics_group(),
            "events_read",
            "events_unreadable",
            "events_ahead",
            "events_repeated",
            "events_failed",
        )
        self._guard = FaultGuard()

    def process_element(self, value: bytes, ctx: ProcessFunction.Context) -> Sequence[Row]:
        now = time.time_ns() // 1_000_000
        rows = self._rows(value, now)
        if self._counters.tick(now):
            self._counters.flush()
        return rows

    def _rows(self, value: bytes, now: int) -> Sequence[Row]:
        try:
            event = self._read(value)
        except msgspec.MsgspecError as error:
            self._guard.log(error)
            self._counters.add("events_unreadable")
            return ()
        self._counters.add("events_read")
        if isinstance(event, SessionizedEvent) and event.session_is_repeated:
            self._counters.add("events_repeated")
            return ()
        at: int = getattr(event, self._time_field)
        if at > now + self._ahead_ms:
            self._counters.add("events_ahead")
            return ()
        try:
            rows = self._messages(event, at)
        except Exception as error:  # a bug: the event counts for nothing
            self._counters.add("events_failed")
            self._guard.note(error)
            return ()
        self._guard.in_a_row = 0
        return rows

    def _messages(self, event: Event, at: int) -> Sequence[Row]:
        found = self._contributions.of(event)
        if not found:
            return ()
        short = b"" if self._comes_once else short_id(event.event_id)
        return [
            RecordRow(
                [
                    entity_key(entity, entity_id),
                    encode(Counted(entity, entity_id, at, [(each.feature.id, each.value) for each in told], short)),
                ]
            )
            for entity, entity_id, told in found
        ]


class ReadErasures(ProcessFunction):
    """A message of the job behaviour → what it erases here."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self._counters = Counters(runtime_context.get_metrics_group(), "erasures_read", "erasures_unreadable")
        self._guard = FaultGuard()

    def process_element(self, value: bytes, ctx: ProcessFunction.Context) -> Sequence[Row]:
        try:
            erasure = read_erasure(value)
        except msgspec.MsgspecError as error:
            self._guard.log(error)
            self._counters.add("erasures_unreadable")
            self._counters.flush()
            return ()
        if erasure is None:
            return ()
        self._counters.add("erasures_read")
        self._counters.flush()
        if isinstance(erasure, Forget):
            # Nobody says whether the subject is an account or a browser. Of a browser there is nothing here.
            return [_erased(entity, erasure.subject, erasure.tstamp) for entity in _OF_A_SUBJECT]
        if erasure.entity not in ENTITIES:
            return ()
        return (_erased(erasure.entity, erasure.entity_id, erasure.tstamp),)


_OF_A_SUBJECT: tuple[EntityName, ...] = ("user", "account")


def entity_key(entity: EntityName, entity_id: str) -> str:
    return f"{entity}:{entity_id}"


def _erased(entity: EntityName, entity_id: str, at: int) -> Row:
    return RecordRow([entity_key(entity, entity_id), encode(Erased(entity, entity_id, at))])
