"""What was said about each event: its verdicts in all their versions. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from contracts.security.verdicts import Decision, Flow, Verdict


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
    def is_acted_on(self) -> bool:
        return self.final.decision != "allow"


@dataclass
class VerdictHistory:
    events: dict[str, Judged] = field(default_factory=dict)
    """Event id → its live verdicts."""
    shadows: dict[str, Verdict] = field(default_factory=dict)
    """Event id → its newest shadow verdict."""
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
        if verdict.mode == "shadow":
            self._add_shadow(verdict)
            return
        self.verdicts += 1
        judged = self.events.get(verdict.event_id)
        if judged is None:
            judged = self.events[verdict.event_id] = Judged(verdict.event_tstamp, verdict.flow, verdict)
        elif verdict.verdict_version >= judged.final.verdict_version:
            judged.final = verdict
        if verdict.decision != "allow":
            earlier = judged.acted_at
            judged.acted_at = verdict.decided_tstamp if earlier is None else min(earlier, verdict.decided_tstamp)

    def _add_shadow(self, verdict: Verdict) -> None:
        known = self.shadows.get(verdict.event_id)
        if known is None or verdict.verdict_version >= known.verdict_version:
            self.shadows[verdict.event_id] = verdict

    @property
    def superseded(self) -> int:
        """Live verdicts that a higher version of the same event has replaced."""
        return self.verdicts - len(self.events)

    def reasons(self) -> Counter[str]:
        """Rule → events of whose final verdict it is a reason."""
        return Counter(reason.code for judged in self.events.values() for reason in judged.final.reasons)
