"""What is kept of one value, as one packed value."""

from typing import Any, Final

import msgspec

from core.packing import Packing
from core.risk.facets.seen import SeenCounts
from core.risk.observation import Hit, Observation, subject_key_of
from core.risk.windows.evaluation import NOTHING_DROPPED

_AFTER_ALL: Final = "~"
"""After every id in the order of keys."""


class FacetEntry(msgspec.Struct, array_like=True, gc=False):
    """An event of the log. Packed as a list, as all of the state; new fields come last and have defaults."""

    observed: Observation
    """:meth:`Observation.for_facets`."""
    hits: dict[str, Hit] = {}
    """Rule → its hit."""
    seen: int = 0
    """What the event was told of successful sign-ins."""
    kind: int = 0
    """Its class: see :mod:`core.risk.facets.bounds`."""

    @property
    def is_cleared(self) -> bool:
        """Labels are the subject's matter."""
        return False

    @property
    def key(self) -> tuple[int, str]:
        """Its place in the order of the log."""
        return self.observed.at, self.observed.identity_of_all


class FacetState(msgspec.Struct, array_like=True, gc=False):
    log: list[FacetEntry] = []
    """In the order of keys: the events that a rule of this facet counts."""
    dropped_at: int = NOTHING_DROPPED
    """Of the latest event that left the log, ms since 1970 UTC."""
    dropped: dict[int, tuple[int, str]] = {}
    """Class → key of its latest event that left, while an event of that time could still come."""
    seen: SeenCounts = msgspec.field(default_factory=SeenCounts)
    rules_number: int = 0
    """:attr:`RuleSet.number` of the newest rule set that it was evaluated with."""


def _without_subjects(body: bytes) -> bytes:
    """From format 1: its logs had the subject's id, knew events by their id alone, and had no classes."""
    log, dropped_at, dropped_id, seen = msgspec.msgpack.decode(body)
    dropped = {0: [dropped_at, _AFTER_ALL]} if dropped_id else {}
    return msgspec.msgpack.encode([[_entry_without_subject(*entry) for entry in log], dropped_at, dropped, seen])


def _entry_without_subject(observed: list[Any], hits: dict[str, Any], seen: int) -> list[Any]:
    event_id, at, flow, kind, subject_id, *counted = observed[:8]
    return [[event_id, at, flow, kind, "", *counted, None, None, None, subject_key_of(kind, subject_id)], hits, seen]


PACKING: Final = Packing(FacetState, 2, {1: _without_subjects})
pack = PACKING.pack
unpack = PACKING.unpack
