"""From an event and the states as bytes to the answer. Pure: no clock, no Redis."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from contracts.security.risk import RiskAnswer, Status
from contracts.security.verdicts import Flow, Verdict
from core.risk.facets import state as facet_state
from core.risk.facets.log import peek as peek_facet
from core.risk.facets.state import FacetState
from core.risk.observation import Observation, Part
from core.risk.rules.rule_set import RuleSet
from core.risk.stored_state import LogLimits, facet_key, subject_key
from core.risk.subject import state as subject_state
from core.risk.subject.judge import peek as peek_subject
from core.risk.subject.state import SubjectState
from core.stored_value import decode_state

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Question:
    """An event that is about to happen, and the states that its verdict rests on."""

    observed: Observation
    facets: tuple[str, ...]
    """Keys of the facets that count it."""

    @property
    def keys(self) -> list[str]:
        """In Redis: the subject's first."""
        return [subject_key(self.observed.subject_key), *map(facet_key, self.facets)]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A state that this version of the code cannot read: cut, garbage, or of a newer format."""

    part: str
    """subject, or the facet's kind."""
    reason: str


@dataclass(frozen=True, slots=True)
class _Read(Generic[State]):
    state: State
    written_ms: int
    """0: there is none."""


def question_of(observed: Observation, rules: RuleSet) -> Question:
    return Question(observed, tuple(rules.facets_of(observed)))


def answer(
    question: Question, values: Sequence[bytes | None], rules: RuleSet, limits: LogLimits, now_ms: int
) -> RiskAnswer | Unreadable:
    """The verdict on the event as if it had come now.

    :param values: of ``question.keys``, in order; None: nobody has seen this subject or this value yet.
    """
    observed, written = question.observed, 0
    parts: list[Part] = []
    for facet, value in zip(question.facets, values[1:], strict=True):
        found = _read(value, FacetState, facet_state.unpack, facet.partition(":")[0])
        if isinstance(found, Unreadable):
            return found
        parts.append(peek_facet(found.state, facet, observed, rules, limits.facets))
        written = max(written, found.written_ms)
    subject = _read(values[0], SubjectState, subject_state.unpack, "subject")
    if isinstance(subject, Unreadable):
        return subject
    written = max(written, subject.written_ms)
    verdict = peek_subject(subject.state, observed, parts, rules, limits.subjects)
    return _of_verdict(verdict, max(0, now_ms - written) if written else None)


def _read(
    value: bytes | None, new: Callable[[], State], unpack: Callable[[bytes], State], part: str
) -> _Read[State] | Unreadable:
    if value is None:
        return _Read(new(), 0)
    stored = decode_state(value)
    if stored is None:
        return Unreadable(part, "too short")
    try:
        return _Read(unpack(stored.packed), stored.written_ms)
    except Exception as error:  # a migration of bytes that are no state can raise anything
        return Unreadable(part, type(error).__name__)


def without_state(status: Status, flow: Flow, rules: RuleSet | None = None) -> RiskAnswer:
    """Nobody is stopped by what is not known."""
    return RiskAnswer(
        status=status,
        flow=flow,
        decision="allow",
        level="unknown",
        score=0.0,
        rules_version=None if rules is None else rules.version,
    )


def _of_verdict(verdict: Verdict, age_ms: int | None) -> RiskAnswer:
    return RiskAnswer(
        status="ok",
        flow=verdict.flow,
        decision=verdict.decision,
        level=verdict.level,
        score=verdict.score,
        reasons=verdict.reasons,
        likelihood=verdict.likelihood,
        rules_version=verdict.rules_version,
        state_age_ms=age_ms,
    )
