"""Keyed by subject: its events, what facets know of them, and labels in; verdicts out."""

import gc
import time
from collections.abc import Mapping, Sequence

import msgspec
from pyflink.datastream import KeyedProcessFunction, RuntimeContext

from applications.account_security.config import Config
from applications.account_security.messages import (
    Labelled,
    Opened,
    Told,
    ToSubject,
    Unjudged,
    decode_to_subject,
)
from applications.account_security.operators.facets import GC_THRESHOLDS
from applications.account_security.operators.judge_metrics import JudgeMetrics
from applications.account_security.operators.packed_states import Format, PackedStates
from applications.account_security.runtime import RUNTIMES, Runtime
from applications.account_security.verdict_records import internal_verdict_of, internal_verdict_on, record_of
from common.flink.fault_guard import FaultGuard
from common.flink.record_batches import make_batch
from contracts.security.verdicts import Verdict
from core.packing import UnknownFormatError
from core.risk.rules.rule_set import RuleSet
from core.risk.stored_state import subject_key
from core.risk.subject.internal import note_internal
from core.risk.subject.judge import open_event, take_part
from core.risk.subject.labelling import take_label
from core.risk.subject.state import SubjectState, pack, unpack

_FORMAT: Format[SubjectState] = Format(SubjectState, pack, unpack)


class Judge(KeyedProcessFunction):
    def __init__(self, config: Config, files: Mapping[str, str]) -> None:
        self._config, self._files = config, files

    def open(self, runtime_context: RuntimeContext) -> None:
        """:raises RuntimeError: if the changes of rules cannot be read."""
        job = self._config.job
        self._states = PackedStates(
            runtime_context, "subject", _FORMAT, mirrored=job.mirrored_subjects, days=job.state_days
        )
        self._limits = self._config.logs.of_subjects()
        self._runtime = RUNTIMES.acquire(job.group_id, lambda: Runtime(self._config, self._files))
        self._metrics = JudgeMetrics(runtime_context.get_metrics_group(), self._runtime)
        self._guard, self._failed_key = FaultGuard(), ""
        gc.set_threshold(*GC_THRESHOLDS)

    def close(self) -> None:
        RUNTIMES.release(self._config.job.group_id)

    def process_element(self, value: bytes, ctx: KeyedProcessFunction.Context) -> Sequence[bytes]:
        try:
            message = decode_to_subject(value)
        except msgspec.MsgspecError as error:  # a bug: it is the job's own message
            self._guard.log(error)
            self._metrics.count("parts_unreadable")
            return ()
        key: str = ctx.get_current_key()
        try:
            verdicts = self._verdicts(key, message)
            self._guard.in_a_row = 0
        except UnknownFormatError:
            raise
        except Exception as error:  # a bug: the event has a verdict all the same
            verdicts = self._failed(key, message, error)
        self._metrics.told(verdicts, time.time_ns() // 1_000_000, len(self._states))
        return (make_batch([record_of(verdict) for verdict in verdicts]),) if verdicts else ()

    def _verdicts(self, key: str, message: ToSubject) -> list[Verdict]:
        if isinstance(message, Unjudged):
            return [internal_verdict_on(message)]
        state = self._states.get(key)
        if isinstance(message, Labelled):
            labelled = take_label(state, message.label, self._runtime.rule_sets.current, self._limits)
            self._metrics.labelled(labelled.outcomes)
            if labelled.is_erased:
                self._erase(key, state)
                return []
            verdicts = labelled.verdicts
        elif isinstance(message, Opened):
            rules = self._rules(message.rules)
            verdicts = open_event(state, message.observed, message.asked, rules, self._limits)
        else:
            verdicts = take_part(state, message.part, self._rules(message.rules), self._limits)
        packed = self._states.put(key, state)
        if self._runtime.risk is not None:
            self._runtime.risk.put(subject_key(key), state.newest, packed)
        return verdicts

    def _rules(self, version: str) -> RuleSet:
        rules, is_known = self._runtime.rules_of(version)
        if not is_known:
            self._metrics.count("rules_version_unknown")
        return rules

    def _erase(self, key: str, state: SubjectState) -> None:
        """:param state: which has only the time of the erasure now."""
        if self._runtime.risk is not None:
            self._runtime.risk.erase(subject_key(key))
        self._states.put(key, state)
        self._metrics.count("subjects_erased")

    def _failed(self, key: str, message: ToSubject, error: Exception) -> list[Verdict]:
        """The event has a verdict that says so, and the state notes it: a later verdict on the event, when more of its
        facets have answered or a label comes, is the second version. If it is the state that fails, nothing is noted,
        and the event may have another first version when the bug is mended.
        """
        self._states.drop(key)
        self._metrics.count("events_failed")
        if key == self._failed_key:
            self._guard.in_a_row -= 1  # one subject's state alone does not restart the job
        self._failed_key = key
        self._guard.note(error)
        if not isinstance(message, (Opened, Told)) or (observed := message.observed) is None:
            return []
        try:
            state = self._states.get(key)
            verdict = note_internal(state, observed, message.rules, self._limits)
            self._states.put(key, state)
        except UnknownFormatError:
            raise
        except Exception as of_state:  # a bug
            self._guard.log(of_state)
            self._states.drop(key)
            verdict = internal_verdict_of(message.rules, observed)
        return [] if verdict is None else [verdict]
