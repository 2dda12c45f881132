"""How much a facet keeps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetLimits:
    events: int = 128
    """Events of one class in a log, the newest; in all at most four times as many (:mod:`core.risk.facets.bounds`). And
    ids of successful sign-ins by which a repeated one is known."""
    lateness_ms: int = 600_000
    """An event that is at most this much older than the newest one counts as if it had come in time. What the log keeps
    reaches back by the longest timespan of its rules and by this."""
    countries: int = 300
    """Countries that the site counts one by one."""
