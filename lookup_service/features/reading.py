"""Values of features at an instant, for one or several entities: all states in one round trip to Redis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from contracts.lookup_api.lookups import Status
from core.features.model import EntityName, Value
from lookup_service.features.declarations import Chosen
from lookup_service.services import Services

TURN_S: Final = 0.004
"""After so long another request gets its turn: a thousand states take longer than others may wait."""


@dataclass(frozen=True, slots=True)
class EntityValues:
    """What was read of one id."""

    status: Status
    """``ok``; ``missing``: nothing is stored; ``stale``: its newest event is longer ago than the entity's time to live;
    ``invalid``: the asked instant is before its newest event; ``error``: Redis is down, or the state cannot be read."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """By value name; empty for any status but ``ok``."""
    newest_tstamp: int | None = None
    """Of its newest event, ms since 1970 UTC; None for ``missing`` and ``error``."""
    age_ms: int | None = None
    """From the newest event to the instant."""


MISSING: Final = EntityValues("missing")
ERROR: Final = EntityValues("error")


async def read_values(
    services: Services, wanted: Mapping[EntityName, Sequence[str]], names: Chosen, at: int | None = None
) -> dict[EntityName, list[EntityValues]]:
    """One item for each wanted id, in order; an id that is wanted twice is read once. Never raises.

    :param wanted: entity → its ids.
    :param names: which values, from :func:`lookup_service.features.declarations.choose`.
    :param at: ms since 1970 UTC; None: now, or the id's newest event where that is later by the clock of its sender.
    """
    raise NotImplementedError
