"""What the policy of purposes makes the ledger expect: for each enriched topic, which events belong there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from assurance.reconciliation.reading.records import RawRecord
from contracts.purposes.load import REFERENCE, load_purposes
from contracts.purposes.model import Purpose
from contracts.topics import ANALYTICS

Routes: TypeAlias = Mapping[str, Callable[[RawRecord], bool]]
"""Enriched topic → whether a raw record belongs there. Equal payloads must get equal answers."""


def every_event(_: RawRecord) -> bool:
    return True


DEFAULT_ROUTES: Routes = MappingProxyType({ANALYTICS.name: every_event})


@dataclass(frozen=True)
class Expected:
    routes: Routes
    """Which raw records belong to each enriched topic if the subject has consented."""
    without_consent: frozenset[str]
    """The topics that receive events of subjects who have opted out, too."""
    every_event: tuple[str, ...]
    """The topics that receive all events. Each event is in all of these, or is late, failed or suppressed."""

    event_pseudonyms: frozenset[str] = frozenset()
    """The topics whose event ids are pseudonyms."""

    @property
    def topics(self) -> list[str]:
        return list(self.routes)


def expected(purposes: Sequence[Purpose]) -> Expected:
    routes: dict[str, Callable[[RawRecord], bool]] = {each.topic: partial(_belongs, each) for each in purposes}
    return Expected(
        routes,
        frozenset(each.topic for each in purposes if each.consent == "not_needed"),
        tuple(each.topic for each in purposes if each.events is None),
        frozenset(each.topic for each in purposes if each.has_event_pseudonyms),
    )


def expected_by(policy: Path = REFERENCE) -> Expected:
    """:raises contracts.purposes.yaml_nodes.PolicyError: as :func:`load_purposes`."""
    return expected(load_purposes(policy))


def _belongs(purpose: Purpose, record: RawRecord) -> bool:
    return purpose.takes(record.event_name)
