"""What a run adds up to, in memory that grows with the suspicious events and not with all of them. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from assurance.reconciliation.security.evaluation import Evaluation, evaluate
from assurance.reconciliation.security.history import VerdictHistory, key_of
from assurance.reconciliation.security.truth import Truth, Truths, by_key, truth_of
from contracts.security.verdicts import Decision, Flow, Verdict


class RuleHits(NamedTuple):
    rule: str
    events: int
    of_attacks: int
    """Of these, the attackers' events, by the truth."""


class SubjectFound(NamedTuple):
    subject: str
    """Kind and id."""
    score: float
    """The highest of its events."""
    events: int
    """Events with a reason."""
    acted_on: int
    reasons: tuple[str, ...]
    """In words: of each rule the highest count, the heaviest rule first."""


class Change(NamedTuple):
    """Events on which the rules that are tried out would decide otherwise."""

    flow: Flow
    live: Decision
    tried: Decision


@dataclass
class Tally:
    truth: Truths = field(default_factory=dict)
    is_part: bool = False
    """Whether the truth knows more than was looked at: then only what has a verdict is measured, else what has none
    counts as missed."""
    history: VerdictHistory = field(default_factory=VerdictHistory)
    """Of events with a reason, in some version, and of those that the truth knows."""
    quiet: Counter[Flow] = field(default_factory=Counter)
    """Flow → events beside these: nothing has ever spoken against them."""

    def add_all(self, verdicts: Iterable[Verdict]) -> None:
        for verdict in verdicts:
            self.add(verdict)

    def add(self, verdict: Verdict) -> None:
        is_known = key_of(verdict) in self.history.events or self._truth_of(verdict) is not None
        if verdict.mode == "live" and not is_known:
            if verdict.verdict_version == 1 and not verdict.reasons:
                self.quiet[verdict.flow] += 1
                return
            if verdict.verdict_version > 1:
                self.quiet[verdict.flow] -= 1
        self.history.add(verdict)

    def events(self) -> Counter[Flow]:
        """Flow → events with a verdict."""
        return +(self.quiet + Counter(judged.flow for judged in self.history.events.values()))

    def decisions(self) -> Counter[tuple[Flow, Decision]]:
        found = Counter((judged.flow, judged.decision) for judged in self.history.events.values())
        allow: Decision = "allow"
        for flow, events in self.quiet.items():
            found[flow, allow] += events
        return +found

    def scores(self, flow: Flow) -> Counter[float]:
        """Score → events of the flow by their final verdicts; those without a reason are not in it."""
        finals = (judged.final for judged in self.history.events.values() if judged.flow == flow)
        return Counter(verdict.score for verdict in finals if verdict.score > 0)

    def rule_hits(self) -> list[RuleHits]:
        """The most frequent first. A rule that is tried out counts by the shadow verdicts."""
        hits, right = Counter[str](), Counter[str]()
        finals = {key: judged.final for key, judged in self.history.events.items()}
        for key in finals.keys() | self.history.shadows.keys():
            told = [each for each in (finals.get(key), self.history.shadows.get(key)) if each is not None]
            known = self._truth_of(told[0])
            for code in {reason.code for verdict in told for reason in verdict.reasons}:
                hits[code] += 1
                right[code] += known is not None and known.is_attack
        return [RuleHits(rule, events, right[rule]) for rule, events in hits.most_common()]

    def suspicious(self, number: int) -> list[SubjectFound]:
        by_subject: dict[str, list[Verdict]] = {}
        for judged in self.history.events.values():
            if judged.final.reasons:
                by_subject.setdefault(f"{judged.final.subject_kind}:{judged.final.subject_id}", []).append(judged.final)
        found = [_subject(name, verdicts) for name, verdicts in by_subject.items()]
        return sorted(found, key=lambda each: (-each.score, -each.acted_on, -each.events, each.subject))[:number]

    def changes(self) -> Counter[Change]:
        found = Counter[Change]()
        for key, shadow in self.history.shadows.items():
            judged = self.history.events.get(key)
            live: Decision = "allow" if judged is None else judged.decision
            if live != shadow.decision:
                found[Change(shadow.flow, live, shadow.decision)] += 1
        return found

    def evaluation(self) -> Evaluation | None:
        if not self.truth:
            return None
        truth = self.truth
        if self.is_part:
            told = (self._truth_of(judged.final) for judged in self.history.events.values())
            truth = by_key(each for each in told if each is not None)
        return evaluate(truth, self.history.events)

    def _truth_of(self, verdict: Verdict) -> Truth | None:
        return truth_of(self.truth, verdict.event_id, verdict.subject_id)


def _subject(name: str, verdicts: list[Verdict]) -> SubjectFound:
    best: dict[str, tuple[float, float, str]] = {}
    for verdict in verdicts:
        for reason in verdict.reasons:
            measured = (reason.weight, reason.value or 0.0, reason.words)
            best[reason.code] = max(best.get(reason.code, measured), measured)
    reasons = sorted(best.values(), reverse=True)
    return SubjectFound(
        subject=name,
        score=max(verdict.score for verdict in verdicts),
        events=len(verdicts),
        acted_on=sum(verdict.decision != "allow" for verdict in verdicts),
        reasons=tuple(words for _, _, words in reasons),
    )
