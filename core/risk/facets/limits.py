"""How much a facet keeps, and which facet it is."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import get_args

from core.risk.rules.rule_set import Facet


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetLimits:
    events: int = 128
    """Events in one log, the newest; and ids of successful sign-ins by which a repeated one is known."""
    lateness_ms: int = 600_000
    """An event that is at most this much older than the newest one counts as if it had come in time. What the log keeps
    reaches back by the longest timespan of its rules and by this."""
    countries: int = 300
    """Countries that the site counts one by one."""


_NAMES: tuple[Facet, ...] = get_args(Facet)
_FACETS = MappingProxyType(
    {name: name for name in _NAMES} | {f"{name}{band}": name for name in _NAMES for band in range(4)}
)


def facet_of(key: str) -> Facet:
    """``address:1f…`` → address; ``text2:00ff`` → text, for a similarity hash has a log for each of its four bands.

    :raises KeyError: for what is no facet's key.
    """
    return _FACETS[key.partition(":")[0]]
