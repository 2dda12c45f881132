"""Generated streams as the jobs would read them: enriched in this process, in the order of arrival."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.features.source_events import BehaviourEvent
from core.risk.security_event import SecurityEvent
from producers.record import Record
from producers.synthetic.attacks.plan import AttackSettings
from producers.synthetic.attacks.stream import generate_with_attacks
from producers.synthetic.attacks.truth import TruthLine, truth_line
from producers.synthetic.generator import GeneratorSettings, generate
from training.enriching import Enricher

START_MS = 1_790_000_000_000
"""Any time will do, if it is always the same."""


class _Event(BehaviourEvent, frozen=True, gc=False):
    consent: bool | None = None


class LabelledEvent(NamedTuple):
    event: SecurityEvent
    truth: TruthLine | None
    """None for a repetition, and for what concerns no account."""


_read = msgspec.json.Decoder(_Event).decode


def behaviour(settings: GeneratorSettings) -> Iterator[BehaviourEvent]:
    """The events of the purpose behaviour: those whose person does not refuse."""
    with Enricher(None, None) as enricher:
        yield from consented(generate(settings), enricher)


def consented(records: Iterable[Record], enricher: Enricher) -> Iterator[BehaviourEvent]:
    for record in records:
        text = enricher.enriched_json(record.value, record.timestamp_ms)
        if text is not None and (event := _read(text)).consent is not False:
            yield event


def security(
    settings: GeneratorSettings, attacks: AttackSettings, city: Path, systems: Path
) -> Iterator[LabelledEvent]:
    """:param city: a MaxMind City database; ``systems``: one of autonomous systems.
    :raises DatabaseError: if one of them cannot be used.
    :raises ValueError: if the settings have too few accounts for so many attacks.
    """
    with Enricher(city, systems) as enricher:
        for record, label in generate_with_attacks(settings, attacks):
            truth = truth_line(record, label)
            if truth is None and record.kind == "event":
                continue  # it concerns no account: neither rules nor features of accounts read it
            event = enricher.enriched(record.value, record.timestamp_ms)
            if event is not None:
                yield LabelledEvent(event, truth)
