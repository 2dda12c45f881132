"""How often a value was seen in successful sign-ins, for the likelihood.

Only counts are kept, because a network or the site has too many sign-ins for a log. An event is told of the sign-ins in
whole spans of the allowed lateness that ended at least that lateness before it. So what it is told is the same in
whatever order the events come, as long as none is later than allowed.
"""

from dataclasses import dataclass

import msgspec

from core.risk.facets.limits import FacetLimits
from core.risk.observation import PLACE, Observation, digest
from core.risk.rules.facet_keys import SIGN_IN_FACETS, Facet
from core.risk.rules.known_names import SIGN_IN_SUCCEEDED

_SEEN_IN: frozenset[Facet] = frozenset({*SIGN_IN_FACETS, "site"})
_COUNTRY = PLACE["geo_country"]
_SPANS = 3
"""An event that is as late as allowed is in the last span or the one before, and is told of what ended a span before
that. So the newest three can still change; what is older is in the totals."""


class Span(msgspec.Struct, array_like=True, gc=False):
    number: int
    """Its begin, ms since 1970 UTC, divided by its length."""
    total: int = 0
    countries: dict[int, int] = {}
    """Of the site only: digest of the country → sign-ins."""
    ids: list[int] = []
    """Digests of the latest events' identities."""


class SeenCounts(msgspec.Struct, array_like=True, gc=False):
    total: int = 0
    """Of the spans that are not kept any more."""
    countries: dict[int, int] = {}
    spans: list[Span] = []
    """Ascending. At most three."""


@dataclass(frozen=True, slots=True)
class Seen:
    total: int = 0
    in_country: int = 0
    is_late: bool = False
    """The totals have sign-ins that the event should not be told of."""


NOTHING_SEEN = Seen()


def seen_before(counts: SeenCounts, observed: Observation, limits: FacetLimits) -> Seen:
    if observed.flow != "sign_in":
        return NOTHING_SEEN
    number = observed.at // limits.lateness_ms
    country = observed.values[_COUNTRY] or 0
    total, in_country = counts.total, counts.countries.get(country, 0)
    for span in counts.spans:
        if span.number <= number - 2:
            total += span.total
            in_country += span.countries.get(country, 0)
    return Seen(total, in_country, bool(counts.spans) and number < counts.spans[-1].number - 1)


def count_sign_in(counts: SeenCounts, facet: Facet, observed: Observation, limits: FacetLimits) -> None:
    """Of another event, of one that is counted already, or of one from before the spans: no change."""
    if facet not in _SEEN_IN or SIGN_IN_SUCCEEDED not in observed.matched:
        return
    number = observed.at // limits.lateness_ms
    spans = counts.spans
    if spans and number <= spans[-1].number - _SPANS:
        return
    span = next((each for each in spans if each.number == number), None)
    if span is None:
        span = Span(number)
        spans.append(span)
        spans.sort(key=lambda each: each.number)
    identity = digest(observed.identity_of_all)
    if identity in span.ids:
        return
    span.ids.append(identity)
    del span.ids[: -limits.events]
    span.total += 1
    if facet == "site":
        _count(span.countries, observed.values[_COUNTRY] or 0, 1, limits)
    while spans[0].number <= spans[-1].number - _SPANS:
        old = spans.pop(0)
        counts.total += old.total
        for country, number_of in old.countries.items():
            _count(counts.countries, country, number_of, limits)


def _count(countries: dict[int, int], country: int, number: int, limits: FacetLimits) -> None:
    if country in countries or len(countries) < limits.countries:
        countries[country] = countries.get(country, 0) + number
