"""Which verdicts are sent: those that ask for enough of an action, once with a cool-down. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from contracts.security.verdicts import AbuseType, Decision, SubjectKind, Verdict

Choice = Literal["send", "shadow", "decision", "cool_down"]
"""What becomes of a verdict: sent, or why it is not."""
WEIGHT: Mapping[Decision, int] = MappingProxyType({"allow": 0, "challenge": 1, "deny": 2})
_Topic: TypeAlias = tuple[SubjectKind, str, AbuseType | None]
_PRUNE_AT = 10_000


class Chooser:
    """Remembers the last verdict sent for each subject and abuse type, as long as its cool-down lasts.

    What it chooses is a function of the verdicts that it is given, so that reading them again after a restart gives the
    same memory. Only a time in the future counts as now: a verdict takes the time of a label, which another system
    sets, and must not silence its subject until then, nor end the cool-down of others. A verdict that could not be
    delivered counts as one that was sent.
    """

    def __init__(self, *, lightest: Decision, cool_down_ms: float) -> None:
        self._lightest = WEIGHT[lightest]
        self._cool_down_ms = cool_down_ms
        self._sent: dict[_Topic, tuple[int, int]] = {}
        """→ time of the verdict, at most now, and weight of its decision."""
        self._newest = 0
        self._prune_at = _PRUNE_AT

    def choose(self, verdict: Verdict, now_ms: int) -> Choice:
        """:param now_ms: by the clock, ms since 1970 UTC."""
        if verdict.mode != "live":
            return "shadow"
        if (weight := WEIGHT[verdict.decision]) < self._lightest:
            return "decision"
        topic = (verdict.subject_kind, verdict.subject_id, verdict.abuse_type)
        at = min(verdict.decided_tstamp, now_ms)
        sent_at, sent_weight = self._sent.get(topic, (None, 0))
        # A verdict that is older than the one sent belongs to the same attack, too: events come late.
        is_cooling = sent_at is not None and at < sent_at + self._cool_down_ms
        if is_cooling and weight <= sent_weight:
            return "cool_down"
        self._sent[topic] = (at, weight)
        self._newest = max(self._newest, at)
        if len(self._sent) >= self._prune_at:
            self._prune()
        return "send"

    def __len__(self) -> int:
        return len(self._sent)

    def _prune(self) -> None:
        oldest = self._newest - self._cool_down_ms
        self._sent = {topic: sent for topic, sent in self._sent.items() if sent[0] > oldest}
        self._prune_at = max(_PRUNE_AT, 2 * len(self._sent))
