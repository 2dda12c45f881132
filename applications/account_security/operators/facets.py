"""Keyed by facet: events that share a value in, what the value knows of each event out, to the event's subject."""

import gc
import time
from collections.abc import Mapping, Sequence

import msgspec
from pyflink.common import Row
from pyflink.datastream import KeyedProcessFunction, RuntimeContext

from applications.account_security.config import Config
from applications.account_security.messages import Asked, Told, decode_asked, encode
from applications.account_security.metric_names import Counters, Gauges
from applications.account_security.operators.in_order import InOrder
from applications.account_security.operators.packed_states import Format, PackedStates
from applications.account_security.runtime import RUNTIMES, Runtime
from common.flink.fault_guard import FaultGuard
from common.flink.side_outputs import RecordRow
from core.packing import UnknownFormatError
from core.risk.facets.limits import FacetLimits
from core.risk.facets.log import add
from core.risk.facets.state import FacetState, pack, unpack
from core.risk.observation import Part
from core.risk.stored_state import facet_key

GC_THRESHOLDS = (50_000, 50, 100)
"""What is held in memory has no cycles: looking through all of it would cost microseconds an event."""
_FORMAT: Format[FacetState] = Format(FacetState, pack, unpack)


class Facets(KeyedProcessFunction):
    def __init__(self, config: Config, files: Mapping[str, str]) -> None:
        self._config, self._files = config, files

    def open(self, runtime_context: RuntimeContext) -> None:
        """:raises RuntimeError: if the changes of rules cannot be read."""
        job = self._config.job
        self._states = PackedStates(
            runtime_context, "facet", _FORMAT, mirrored=job.mirrored_facets, days=job.state_days
        )
        self._in_order = InOrder(runtime_context, job.live_ms)
        self._limits = self._config.logs.of_facets()
        self._runtime = RUNTIMES.acquire(job.group_id, lambda: Runtime(self._config, self._files))
        group = runtime_context.get_metrics_group()
        self._counters = Counters(
            group,
            "facet_events",
            "facet_events_waited",
            "parts_told",
            "parts_unreadable",
            "events_failed",
            "rules_version_unknown",
        )
        self._gauges = Gauges(group, "mirror_keys")
        self._guard, self._failed_key = FaultGuard(), ""
        gc.set_threshold(*GC_THRESHOLDS)

    def close(self) -> None:
        RUNTIMES.release(self._config.job.group_id)

    def process_element(self, value: bytes, ctx: KeyedProcessFunction.Context) -> Sequence[Row]:
        try:
            asked = decode_asked(value)
        except msgspec.MsgspecError as error:  # a bug: it is the job's own message
            self._guard.log(error)
            self._counters.add("parts_unreadable")
            return ()
        at, timers = asked.observed.at, ctx.timer_service()
        if self._in_order.must_wait(at, timers):
            self._in_order.wait(value, at, timers)
            self._counters.add("facet_events_waited")
            told: Sequence[Row] = ()
        else:
            told = self._told_or_failed(asked)
        self._flush()
        return told

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Sequence[Row]:
        ready = self._in_order.ready(timestamp)
        told = [row for asked in ready for row in self._told_or_failed(asked)]
        self._flush()
        return told

    def _flush(self) -> None:
        if self._counters.tick(time.monotonic_ns() // 1_000_000):
            self._counters.flush()
            self._gauges.set("mirror_keys", len(self._states))

    def _told_or_failed(self, asked: Asked) -> Sequence[Row]:
        try:
            return self._told(asked)
        except UnknownFormatError:
            raise
        except Exception as error:  # a bug: the verdict does without this facet
            return self._failed(asked, error)

    def _told(self, asked: Asked) -> Sequence[Row]:
        key, observed = asked.facet, asked.observed
        rules, is_known = self._runtime.rules_of(asked.rules)
        if not is_known:
            self._counters.add("rules_version_unknown")
        state = self._states.get(key)
        if rules.number < state.rules_number:
            rules = self._runtime.rule_sets.current  # another event of the value was observed with a newer set
        told = add(state, key, observed, rules, self._limits)
        packed = self._states.put(key, state)
        if self._runtime.risk is not None:
            self._runtime.risk.put(facet_key(key), newest_of(state, self._limits), packed)
        self._guard.in_a_row = 0
        self._counters.add("facet_events")
        self._counters.add("parts_told", len(told))
        return [
            RecordRow([each.subject_key, encode(Told(asked.rules, each.part, None if number else observed))])
            for number, each in enumerate(told)
        ]

    def _failed(self, asked: Asked, error: Exception) -> Sequence[Row]:
        self._states.drop(asked.facet)
        self._counters.add("events_failed")
        if asked.facet == self._failed_key:
            self._guard.in_a_row -= 1  # one value's state alone does not restart the job
        self._failed_key = asked.facet
        self._guard.note(error)
        part = Part(asked.observed.identity, asked.facet, is_late=True)
        return (RecordRow([asked.observed.subject_key, encode(Told(asked.rules, part, asked.observed))]),)


def newest_of(state: FacetState, limits: FacetLimits) -> int:
    """About the time of its newest event, ms since 1970 UTC. Never goes back: it says which of two states is newer."""
    of_log = state.log[-1].observed.at if state.log else 0
    of_spans = state.seen.spans[-1].number * limits.lateness_ms if state.seen.spans else 0
    return max(of_log, of_spans)
