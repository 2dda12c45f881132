"""What is kept of one entity: tiles of each length, and what is kept for good. What is read of a state is a function of
the set of its events.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

import msgspec

from core.features.aggregations.aggregation import Partials, Told
from core.features.aggregations.kinds import AGGREGATIONS
from core.features.model import DAY_MS, MINUTE_MS, Feature
from core.features.tiles import Tile, Tiles, all_tiles, begin_tile, former_tiles, keep_former, tile_of, tiles_of
from core.packing import Packing

SESSION_REACH_MS = DAY_MS + 30 * MINUTE_MS
"""A session is so long at most, with the idle time behind it: tiles that are older make no session anew."""


class EntityState(msgspec.Struct, array_like=True, gc=False):
    """Packed as a list: new fields come last and have defaults. Times in ms since 1970 UTC."""

    newest: int = 0
    """Time of the newest event; 0: of none after 1970."""
    tiles: dict[int, Tiles] = {}
    """Hop in ms → the tiles of that length."""
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


_Late: TypeAlias = tuple[int, int, Feature, Told]
"""(hop, how far its tiles reach, feature, what it is told)."""
_packing = Packing(EntityState, 1, {})
pack = _packing.pack
unpack = _packing.unpack


def add(
    state: EntityState, at: int, contributions: Iterable[Contribution], session_reach_ms: int = SESSION_REACH_MS
) -> None:
    """Counts an event that the state does not have yet. What is behind a window's reach is left out of its tiles.

    Features of the entity ``session`` are added to their visitor's state, in tiles of a minute: see
    :mod:`core.features.sessions`.

    :param session_reach_ms: longest session and idle time.
    """
    newest = state.newest = max(state.newest, at)
    levels, lifetime = state.tiles, state.lifetime
    current: dict[int, Tiles | None] = {}
    late: list[_Late] = []
    for feature, value in contributions:  # it is the loop that every event runs
        kind, key = AGGREGATIONS[feature.kind], feature.id
        for hop, own_reach, of_session in feature.levels:
            if hop in current:
                level = current[hop]
            else:
                level = current[hop] = _newest_at(levels, hop, at, newest)
            if level is not None and key in (partials := level.newest):
                partials[key] = kind.add(feature, partials[key], at, value)
                continue
            reach = session_reach_ms if of_session and session_reach_ms > own_reach else own_reach
            if level is None:
                late.append((hop, reach, feature, value))
            else:
                level.newest[key] = kind.new(at, value)
                if reach > level.reach_ms:  # noqa: PLR1730  # a call of max costs as much as the rest
                    level.reach_ms = reach
        if feature.has_lifetime:
            lifetime[key] = kind.add(feature, lifetime[key], at, value) if key in lifetime else kind.new(at, value)
    if late:
        _add_late(state, at, late)


def _newest_at(levels: dict[int, Tiles], hop: int, at: int, newest: int) -> Tiles | None:
    """The tiles of that length, if their newest one has the instant; None: it is of an earlier one."""
    number, level = at // hop, levels.get(hop)
    if level is None:
        if number < newest // hop:
            return None
        level = levels[hop] = Tiles(number)
    elif number > level.number:
        begin_tile(level, number, (newest - level.reach_ms) // hop)
    return level if number == level.number else None


def _add_late(state: EntityState, at: int, late: list[_Late]) -> None:
    """To tiles before the newest ones. It reads and writes all of the former ones, but happens seldom."""
    opened: dict[int, tuple[list[Tile], int]] = {}
    for hop, reach, feature, value in late:
        number = at // hop
        if number < (state.newest - reach) // hop:
            continue
        level = state.tiles.get(hop)
        tiles, widest = opened.get(hop) or (former_tiles(level) if level is not None else [], 0)
        opened[hop] = tiles, max(widest, reach)
        add_to(tile_of(tiles, number), feature, at, value)
    for hop, (tiles, widest) in opened.items():
        level = state.tiles.get(hop)
        if level is None:
            state.tiles[hop] = tiles_of(tiles, widest)
        else:
            keep_former(level, tiles)
            level.reach_ms = max(level.reach_ms, widest)


def add_to(partials: Partials, feature: Feature, at: int, value: Told) -> None:
    kind, key = AGGREGATIONS[feature.kind], feature.id
    partials[key] = kind.add(feature, partials[key], at, value) if key in partials else kind.new(at, value)


def drop_old(
    state: EntityState,
    features: Iterable[Feature],
    ttl_ms: int,
    now: int,
    session_reach_ms: int = SESSION_REACH_MS,
) -> bool:
    """Drops what no window of the features reaches, what features that are gone have kept, and everything when there
    was no event for the time to live. True where nothing is left.

    ``add`` drops tiles only now and then, and those of all features: this is for now and then.

    :param features: all that feed the state; for a visitor also those of its sessions.
    """
    now = max(now, state.newest)
    if now - state.newest > ttl_ms:
        state.tiles, state.lifetime = {}, {}
        return True
    firsts: dict[int, dict[int, int]] = {}
    reaches: dict[int, int] = {}
    lifetime: Partials = {}
    for feature in features:
        key = feature.id
        if feature.has_lifetime and key in state.lifetime:
            lifetime[key] = state.lifetime[key]
        for hop, own_reach, of_session in feature.levels:
            reach = max(own_reach, session_reach_ms) if of_session else own_reach
            firsts.setdefault(hop, {})[key] = (now - reach) // hop
            reaches[hop] = max(reaches.get(hop, 0), reach)
    tiles: dict[int, Tiles] = {}
    for hop, level in state.tiles.items():
        if left := _left(all_tiles(level), firsts.get(hop, {})):
            tiles[hop] = tiles_of(left, reaches[hop])
    state.tiles, state.lifetime = tiles, lifetime
    return not tiles and not lifetime


def _left(tiles: Iterable[Tile], firsts: dict[int, int]) -> list[Tile]:
    """Of each feature the tiles from its first number on; without tiles that have nothing."""
    found = []
    for number, partials in tiles:
        left = {key: each for key, each in partials.items() if key in firsts and number >= firsts[key]}
        if left:
            found.append((number, left))
    return found
