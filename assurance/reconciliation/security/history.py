"""The ledger of verdicts: what was said about each event, in all versions. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from contracts.security.verdicts import Decision, Flow, Verdict
from core.risk.observe import subject_of
from core.risk.security_event import FLOWS, SecurityEvent


class LedgerKey(NamedTuple):
    """What one verdict is about. A client chooses the ids of its events, so an id alone does not tell: two accounts may
    use the same one, or one account for two acts.
    """

    event_id: str
    subject: str
    """Kind and id."""
    flow: Flow


def key_of(verdict: Verdict) -> LedgerKey:
    return LedgerKey(verdict.event_id, f"{verdict.subject_kind}:{verdict.subject_id}", verdict.flow)


def key_of_event(event: SecurityEvent) -> LedgerKey | None:
    """What its verdict must be about. None for an event that is not judged."""
    flow = FLOWS.get(event.event_name)
    return None if flow is None else LedgerKey(event.event_id, ":".join(subject_of(event)), flow)


class Judged(msgspec.Struct):
    """One event and its live verdicts."""

    at: int
    flow: Flow
    final: Verdict
    """The highest version."""
    acted_at: int | None = None
    """The earliest time at which a version was decided that asks for more than ``allow``; None: no version does."""

    @property
    def decision(self) -> Decision:
        return self.final.decision

    @property
    def is_acted_on_finally(self) -> bool:
        return self.final.decision != "allow"


@dataclass
class VerdictHistory:
    events: dict[LedgerKey, Judged] = field(default_factory=dict)
    """Event → its live verdicts."""
    shadows: dict[LedgerKey, Verdict] = field(default_factory=dict)
    """Event → its newest shadow verdict."""
    verdicts: int = 0
    """Different ones, live."""
    repeated: int = 0
    """Verdicts that came again with the same id, as they do after a restart."""
    _ids: set[str] = field(default_factory=set)

    def add_all(self, verdicts: Iterable[Verdict]) -> None:
        for verdict in verdicts:
            self.add(verdict)

    def add(self, verdict: Verdict) -> None:
        if verdict.verdict_id in self._ids:
            self.repeated += 1
            return
        self._ids.add(verdict.verdict_id)
        key = key_of(verdict)
        if verdict.mode == "shadow":
            known = self.shadows.get(key)
            if known is None or verdict.verdict_version >= known.verdict_version:
                self.shadows[key] = verdict
            return
        self.verdicts += 1
        judged = self.events.get(key)
        if judged is None:
            judged = self.events[key] = Judged(verdict.event_tstamp, verdict.flow, verdict)
        elif verdict.verdict_version >= judged.final.verdict_version:
            judged.final = verdict
        if verdict.decision != "allow":
            earlier = judged.acted_at
            judged.acted_at = verdict.decided_tstamp if earlier is None else min(earlier, verdict.decided_tstamp)

    @property
    def superseded(self) -> int:
        """Live verdicts that a higher version of the same event has replaced."""
        return self.verdicts - len(self.events)

    def reasons(self) -> Counter[str]:
        """Rule → events of whose final verdict it is a reason."""
        return Counter(reason.code for judged in self.events.values() for reason in judged.final.reasons)
