"""Generated streams whose truth is known: what the rules say about them, without any file or server between."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from assurance.reconciliation.security.evaluation import Evaluation, evaluate
from assurance.reconciliation.security.history import VerdictHistory
from assurance.reconciliation.security.truth import Truth, by_key
from core.risk.rules.rule_set import RuleSet
from core.risk.runner import Runner
from core.risk.security_event import SecurityEvent
from producers.synthetic.attacks.plan import AttackSettings
from producers.synthetic.attacks.stream import generate_with_attacks
from producers.synthetic.attacks.truth import Labelled, truth_line
from producers.synthetic.generator import GeneratorSettings
from training.enriching import Enricher


@dataclass(frozen=True, kw_only=True)
class Streams:
    """One stream for each seed."""

    settings: GeneratorSettings
    """Its seed is replaced."""
    attacks: AttackSettings

    def stream(self, seed: int) -> Iterator[Labelled]:
        """Raises ValueError if there are too few accounts."""
        return generate_with_attacks(replace(self.settings, seed=seed), self.attacks)


@dataclass(frozen=True, kw_only=True)
class Measured:
    by_seed: list[tuple[int, Evaluation]]
    together: Evaluation
    """Of all events of all seeds: no mean of the seeds' ratios."""


def measure(streams: Streams, seeds: Iterable[int], rules: RuleSet, enricher: Enricher) -> Measured:
    """The seeds do not know of each other: each begins with accounts of which nothing is known.

    Raises ValueError if a stream has too few accounts.
    """
    together = VerdictHistory()
    truths: list[Truth] = []
    by_seed: list[tuple[int, Evaluation]] = []
    for seed in seeds:
        known: list[Truth] = []
        history = VerdictHistory()
        for verdict in Runner(rules).run(_enriched(streams.stream(seed), seed, known, enricher)):
            history.add(verdict)
            together.add(verdict)
        by_seed.append((seed, evaluate(by_key(known), history.events)))
        truths += known
    return Measured(by_seed=by_seed, together=evaluate(by_key(truths), together.events))


def _enriched(
    labelled: Iterable[Labelled], seed: int, known: list[Truth], enricher: Enricher
) -> Iterator[SecurityEvent]:
    """In the order of arrival, so late events come late. Notes the truth of each event."""
    for record, label in labelled:
        if (line := truth_line(record, label)) is not None:
            truth = msgspec.convert(line, Truth, from_attributes=True)
            # Two seeds give their scenarios the same names.
            scenario = None if truth.scenario is None else f"{seed}/{truth.scenario}"
            known.append(msgspec.structs.replace(truth, scenario=scenario))
        event = enricher.enriched(record.value, record.timestamp_ms)
        if event is not None:
            yield event
