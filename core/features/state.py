"""What is kept of one entity: tiles of each feature. What is read of a state is a function of the set of its events."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from core.features.aggregations.aggregation import Partials, Told
from core.features.aggregations.kinds import AGGREGATIONS
from core.features.model import DAY_MS, HOUR_MS, LONGEST_WINDOW_MS, MINUTE_MS, REACH_MS, SESSION_HOP_MS, Feature
from core.packing import Packing

SESSION_REACH_MS = DAY_MS + 30 * MINUTE_MS
"""A session is so long at most, with the idle time behind it: tiles that are older make no session anew."""


class EntityState(msgspec.Struct, array_like=True, gc=False):
    """Packed as a list: new fields come last and have defaults. Times in ms since 1970 UTC."""

    newest: int = 0
    """Time of the newest event; 0: of none after 1970."""
    tiles: dict[int, dict[int, Partials]] = {}
    """Hop in ms → number of the tile, which is its time by the hop → the feature's id → what it keeps."""
    lifetime: Partials = {}
    """The feature's id → what it keeps. A session's own state has all of the session here."""
    session_start: int = 0
    """Of the entity's current session; 0: none is known."""
    session_end: int = 0
    """Time of its newest event."""


class Contribution(NamedTuple):
    """What one event tells one feature."""

    feature: Feature
    value: Told
    """A number in thousandths, a text, or None for a kind that needs no value."""


_packing = Packing(EntityState, 1, {})
pack, unpack = _packing.pack, _packing.unpack


def add(
    state: EntityState, at: int, contributions: Iterable[Contribution], session_reach_ms: int = SESSION_REACH_MS
) -> None:
    """Counts an event that the state does not have yet. What is behind a window's reach is left out of its tiles.

    Features of the entity ``session`` are added to their visitor's state, in tiles of a minute: see
    :mod:`core.features.sessions`.

    :param session_reach_ms: longest session and idle time; an hour at least.
    """
    is_late = at < state.newest
    if not is_late:
        state.newest = at
    newest = state.newest
    opened: dict[int, Partials] = {}
    for feature, value in contributions:
        into = AGGREGATIONS[feature.kind].add
        for hop, reach in feature.levels:
            if is_late and at // hop < (newest - (reach or session_reach_ms)) // hop:
                continue
            partials = opened.get(hop)
            if partials is None:
                partials = opened[hop] = _tile(state, hop, at // hop, session_reach_ms)
            into(partials, feature, at, value)
        if feature.has_lifetime:
            into(state.lifetime, feature, at, value)


def _tile(state: EntityState, hop: int, number: int, session_reach_ms: int) -> Partials:
    """A tile that begins is when old ones are looked for, and then only if the first one is old: tiles were made about
    in the order of time, so an old one that is overlooked goes when those before it do.
    """
    level = state.tiles.get(hop)
    if level is None:
        level = state.tiles[hop] = {}
    partials = level.get(number)
    if partials is None:
        reach = max(session_reach_ms, HOUR_MS) if hop == SESSION_HOP_MS else REACH_MS.get(hop, LONGEST_WINDOW_MS)
        limit = (state.newest - reach) // hop
        if level and next(iter(level)) < limit:
            for old in [each for each in level if each < limit]:
                del level[old]
        partials = level[number] = {}
    return partials


def drop_old(
    state: EntityState,
    features: Iterable[Feature],
    ttl_ms: int,
    now: int,
    session_reach_ms: int = SESSION_REACH_MS,
) -> bool:
    """Drops what no window of the features reaches, what features that are gone have kept, and everything when there
    was no event for the time to live. True where nothing is left.

    ``add`` drops whole tiles only, by the longest window that may be made of them: this is for now and then.

    :param features: all that feed the state; for a visitor also those of its sessions.
    """
    now = max(now, state.newest)
    if now - state.newest > ttl_ms:
        state.tiles, state.lifetime = {}, {}
        return True
    of_hop: dict[int, dict[int, int]] = {}
    kept = set()
    for feature in features:
        if feature.has_lifetime:
            kept.add(feature.id)
        for hop, reach in feature.levels:
            of_hop.setdefault(hop, {})[feature.id] = (now - (reach or session_reach_ms)) // hop
    state.lifetime = {key: partial for key, partial in state.lifetime.items() if key in kept}
    tiles: dict[int, dict[int, Partials]] = {}
    for hop, level in state.tiles.items():
        limits = of_hop.get(hop, {})
        left = {
            number: partials
            for number, tile in level.items()
            if (partials := {key: each for key, each in tile.items() if number >= limits.get(key, number + 1)})
        }
        if left:
            tiles[hop] = left
    state.tiles = tiles
    return not tiles and not state.lifetime
