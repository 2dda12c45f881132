"""Routing: the purposes that get an event, with and without its subject's consent. Pure, compiled from the policy."""

from collections.abc import Sequence

from contracts.enrichments import ENRICHMENTS, Enrichment, Lookup, input_of
from contracts.purposes.model import Purpose
from core.projection import Projection


class Routing:
    """Tables from an event's name to its recipients. A name that no purpose lists goes to the purposes that list no
    names, because they accept all.
    """

    def __init__(self, projections: Sequence[Projection]) -> None:
        names = {name for each in projections for name in each.purpose.events or ()}
        consent_free = [each for each in projections if each.purpose.consent == "not_needed"]
        self._with_consent = {name: _recipients(projections, name) for name in names}
        self._without_consent = {name: _recipients(consent_free, name) for name in names}
        self._other_with_consent = _recipients(projections, None)
        self._other_without_consent = _recipients(consent_free, None)

    def recipients(self, event_name: str, *, opted_out: bool) -> tuple[Projection, ...]:
        """The purposes that get an event of that name, in the order of the policy."""
        if opted_out:
            return self._without_consent.get(event_name, self._other_without_consent)
        return self._with_consent.get(event_name, self._other_with_consent)


def events_that_need(
    field: str, purposes: Sequence[Purpose], table: Sequence[Enrichment] = ENRICHMENTS
) -> frozenset[str] | None:
    """Names of the events whose ``field`` a purpose sees; None where any event's may be needed."""
    seeing = [purpose for purpose in purposes if purpose.actions().get(field, "drop") != "drop"]
    is_input = any(field in _inputs(each) for each in table)
    if is_input or any(purpose.events is None for purpose in seeing):
        return None
    return frozenset(name for purpose in seeing for name in purpose.events or ())


def _inputs(row: Enrichment) -> list[str]:
    """The fields of the event that the enrichment is made from."""
    if isinstance(row, Lookup):
        return [row.key]
    return [name for enrichment, name in map(input_of, row.inputs) if enrichment is None]


def _recipients(projections: Sequence[Projection], event_name: str | None) -> tuple[Projection, ...]:
    return tuple(each for each in projections if each.purpose.takes(event_name))
