"""What the policy of purposes makes the ledger expect: per enriched topic the events that belong there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assurance.reconciliation.balance import Routes
from assurance.reconciliation.records import RawRecord
from contracts.purposes.load import REFERENCE, load_purposes
from contracts.purposes.model import Purpose


@dataclass(frozen=True)
class Expected:
    routes: Routes
    """Enriched topic to whether a raw record belongs in it, consent given."""
    without_consent: frozenset[str]
    """The topics that get the events of those who have opted out, too."""
    every_event: tuple[str, ...]
    """The topics of all events: an event has left when it is in one of them, late or failed."""

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
