"""The verdict on an event that is not judged: nothing is known against it, and it is not stopped."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from contracts.security.verdicts import Flow, Reason, SubjectKind, Verdict
from core.risk.observation import Observation
from core.risk.subject.evaluation import insert
from core.risk.subject.limits import LIMITS, Limits
from core.risk.subject.state import Entry, SubjectState, Told
from core.risk.subject.verdicts import with_id

NotJudged = Literal["internal", "time_ahead"]
"""Code of the verdict's reason."""
INTERNAL: Final = "internal"
TIME_AHEAD: Final = "time_ahead"
"""One such event would push everything else out of the logs of its account and address."""
_WORDS: Mapping[NotJudged, str] = MappingProxyType(
    {
        INTERNAL: "The event could not be judged, because of a fault in the program",
        TIME_AHEAD: "The event's time is ahead of the clock, so it was not judged and counts for no other",
    }
)


def note_internal(
    state: SubjectState, observed: Observation, rules_version: str, limits: Limits = LIMITS
) -> Verdict | None:
    """The event is known from now on, without anything that was found of it. Its next verdict supersedes this one.

    :param state: as it was before the bug was met.
    :return: None for an event that has a verdict already: that one stands.
    """
    identity = observed.identity
    state.pending.pop(identity, None)
    if state.find(identity) is not None:
        return None
    verdict, verdict_id = internal_verdict(
        event_id=observed.event_id,
        at=observed.at,
        flow=observed.flow,
        subject_kind=observed.subject_kind,
        subject_id=observed.subject_id,
        rules_version=rules_version,
    )
    state.newest = max(state.newest, observed.at)
    if observed.at > state.dropped_at:
        insert(state.log, Entry(observed, live=Told(1, verdict_id)))
        # Bounded without the profile and the rules, since they can be what has the bug.
        excess = len(state.log) - limits.kept_events
        if excess > 0:
            state.dropped_at = max(state.dropped_at, state.log[excess - 1].observed.at)
            del state.log[:excess]
    return verdict


def internal_verdict(
    *,
    event_id: str,
    at: int,
    flow: Flow,
    subject_kind: SubjectKind,
    subject_id: str,
    rules_version: str,
    code: NotJudged = INTERNAL,
) -> tuple[Verdict, bytes]:
    """Version 1, and its id as bytes. The times are ms since 1970 UTC."""
    reason = Reason(
        code=code,
        words=_WORDS[code],
        abuse_type="account_takeover",
        weight=0.0,
        since_tstamp=at,
    )
    verdict = Verdict(
        verdict_id="",
        verdict_version=1,
        event_id=event_id,
        event_tstamp=at,
        subject_kind=subject_kind,
        subject_id=subject_id,
        flow=flow,
        mode="live",
        decision="allow",
        level="unknown",
        score=0.0,
        reasons=[reason],
        rules_version=rules_version,
        decided_tstamp=at,
    )
    return with_id(verdict, 1, b"")
