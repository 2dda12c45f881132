"""Enriched events and labels in, messages to subjects and facets out."""

import time
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec
from pyflink.common import Row
from pyflink.datastream import OutputTag, ProcessFunction, RuntimeContext

from applications.account_security.config import Config
from applications.account_security.messages import Asked, Labelled, Opened, Unjudged, encode
from applications.account_security.metric_names import Counters
from applications.account_security.runtime import RUNTIMES, Runtime
from common.flink.fault_guard import FaultGuard
from common.flink.keyed_source import keyed_row_type
from common.flink.side_outputs import RecordRow
from contracts.security.labels import Label
from core.risk.observation import subject_key_of
from core.risk.observe import observe, subject_of
from core.risk.security_event import FLOWS, SecurityEvent, read_event
from core.risk.subject.internal import INTERNAL, TIME_AHEAD, NotJudged

TO_FACETS = OutputTag("to-facets", keyed_row_type())
Sent: TypeAlias = Row | tuple[OutputTag, Row]
_read_label = msgspec.json.Decoder(Label).decode
_WITHOUT_EVENT = frozenset({"erase", "confirmed_fraud"})


class Observe(ProcessFunction):
    """An event → a message to its subject, and to the side output one for each facet that counts it."""

    def __init__(self, config: Config, files: Mapping[str, str]) -> None:
        self._config, self._files = config, files

    def open(self, runtime_context: RuntimeContext) -> None:
        """:raises RuntimeError: if the changes of rules cannot be read."""
        group_id = self._config.job.group_id
        self._runtime = RUNTIMES.acquire(group_id, lambda: Runtime(self._config, self._files))
        self._counters = Counters(
            runtime_context.get_metrics_group(),
            "events_observed",
            "events_unreadable",
            "events_without_flow",
            "events_ahead",
            "events_failed",
        )
        self._guard = FaultGuard()
        self._ahead_ms = self._config.job.ahead_ms

    def close(self) -> None:
        RUNTIMES.release(self._config.job.group_id)

    def process_element(self, value: bytes, ctx: ProcessFunction.Context) -> Sequence[Sent]:
        sent = self._sent(value)
        if self._counters.tick(time.monotonic_ns() // 1_000_000):
            self._counters.flush()
        return sent

    def _sent(self, value: bytes) -> Sequence[Sent]:
        try:
            event = read_event(value)
        except msgspec.MsgspecError as error:
            self._guard.log(error)
            self._counters.add("events_unreadable")
            return ()
        if event.event_name not in FLOWS:
            self._counters.add("events_without_flow")
            return ()
        rules = self._runtime.rule_sets.current
        if event.collector_tstamp > time.time_ns() // 1_000_000 + self._ahead_ms:
            self._counters.add("events_ahead")
            return (_unjudged(event, rules.version, TIME_AHEAD),)
        try:
            observed = observe(event, rules)
            if observed is None:
                self._counters.add("events_without_flow")
                return ()
            asked = tuple(rules.facets_of(observed))
            sent: list[Sent] = [_row(observed.subject_key, Opened(rules.version, observed, asked))]
            sent += [(TO_FACETS, _row(facet, Asked(facet, rules.version, observed))) for facet in asked]
        except Exception as error:  # a bug: the event has a verdict all the same
            self._counters.add("events_failed")
            self._guard.note(error)
            return (_unjudged(event, rules.version),)
        self._guard.in_a_row = 0
        self._counters.add("events_observed")
        return sent


class ReadLabels(ProcessFunction):
    """A label → a message to its subject."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self._counters = Counters(
            runtime_context.get_metrics_group(), "labels_taken", "labels_unreadable", "labels_without_subject"
        )
        self._guard = FaultGuard()

    def process_element(self, value: bytes, ctx: ProcessFunction.Context) -> Sequence[Row]:
        try:
            label = _read_label(value)
        except msgspec.MsgspecError as error:
            self._guard.log(error)
            self._counters.add("labels_unreadable")
            self._counters.flush()
            return ()
        is_whole = label.event_id is not None or label.finding in _WITHOUT_EVENT
        self._counters.add("labels_taken" if is_whole else "labels_without_subject")
        self._counters.flush()
        if not is_whole:
            return ()
        return (_row(subject_key_of(label.subject_kind, label.subject_id), Labelled(label)),)


def _row(key: str, message: Opened | Asked | Labelled | Unjudged) -> Row:
    return RecordRow([key, encode(message)])


def _unjudged(event: SecurityEvent, rules: str, why: NotJudged = INTERNAL) -> Row:
    kind, name = subject_of(event)
    message = Unjudged(rules, event.event_id, event.collector_tstamp, FLOWS[event.event_name], kind, name, why)
    return _row(subject_key_of(kind, name), message)
