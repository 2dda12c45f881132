"""What is kept of one entity: tiles of each feature. What is read of a state is a function of the set of its events."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

import msgspec

from core.features.aggregations.aggregation import Partial, Partials, Told
from core.features.aggregations.kinds import AGGREGATIONS
from core.features.model import DAY_MS, MINUTE_MS, Feature
from core.packing import Packing

SESSION_REACH_MS = DAY_MS + 30 * MINUTE_MS
"""A session is so long at most, with the idle time behind it: tiles that are older make no session anew."""


Row: TypeAlias = tuple[list[int], list[Partial]]
"""Numbers of a feature's tiles, ascending, and what each keeps. A tile's number is its time by its length. Never empty.
Two lists are read twice as fast as a map, and a window is the end of them."""


class EntityState(msgspec.Struct, array_like=True, gc=False):
    """Packed as a list: new fields come last and have defaults. Times in ms since 1970 UTC."""

    newest: int = 0
    """Time of the newest event; 0: of none after 1970."""
    tiles: dict[int, dict[int, Row | bytes]] = {}
    """Hop in ms → the feature's id → its tiles of that length."""
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


_PACKED_FROM: Final = 6
"""Tiles. A longer row is packed by itself, so that whoever does not need it does not pay for reading it: most events
tell only a few features something. Shorter ones are read sooner than looked at."""
_packing = Packing(EntityState, 1, {})
_pack_row = msgspec.msgpack.Encoder().encode
_unpack_row = msgspec.msgpack.Decoder(Row).decode
unpack = _packing.unpack


def pack(state: EntityState) -> bytes:
    tiles: dict[int, dict[int, Row | bytes]] = {
        hop: {
            key: row if isinstance(row, bytes) or len(row[0]) < _PACKED_FROM else _pack_row(row)
            for key, row in level.items()
        }
        for hop, level in state.tiles.items()
    }
    return _packing.pack(EntityState(state.newest, tiles, state.lifetime, state.session_start, state.session_end))


def row_of(level: dict[int, Row | bytes], feature: Feature) -> Row | None:
    """Of the tiles of one length."""
    row = level.get(feature.id)
    if isinstance(row, bytes):
        row = level[feature.id] = _unpack_row(row)
    return row


def add(
    state: EntityState, at: int, contributions: Iterable[Contribution], session_reach_ms: int = SESSION_REACH_MS
) -> None:
    """Counts an event that the state does not have yet. What is behind a window's reach is left out of its tiles.

    Features of the entity ``session`` are added to their visitor's state, in tiles of a minute: see
    :mod:`core.features.sessions`.

    :param session_reach_ms: longest session and idle time.
    """
    state.newest = max(state.newest, at)
    newest = state.newest
    tiles = state.tiles
    for feature, value in contributions:
        kind = AGGREGATIONS[feature.kind]
        key = feature.id
        for hop, reach, of_session in feature.levels:
            level = tiles.get(hop)
            if level is None:
                level = tiles[hop] = {}
            number = at // hop
            row = level.get(key)
            if isinstance(row, bytes):
                row = level[key] = _unpack_row(row)
            if row is not None and row[0][-1] == number:  # nearly always; it is the loop that every event runs
                partials = row[1]
                partials[-1] = kind.add(feature, partials[-1], at, value)
                continue
            first = (newest - (session_reach_ms if of_session and reach < session_reach_ms else reach)) // hop
            if number < first:
                continue
            if row is None:
                level[key] = ([number], [kind.new(at, value)])
                continue
            numbers, partials = row
            _drop_before(row, first)
            place = bisect_left(numbers, number)
            if place < len(numbers) and numbers[place] == number:
                partials[place] = kind.add(feature, partials[place], at, value)
            else:
                numbers.insert(place, number)
                partials.insert(place, kind.new(at, value))
        if feature.has_lifetime:
            add_to(state.lifetime, feature, at, value)


def add_to(partials: Partials, feature: Feature, at: int, value: Told) -> None:
    kind, key = AGGREGATIONS[feature.kind], feature.id
    known = partials.get(key)
    partials[key] = kind.new(at, value) if known is None else kind.add(feature, known, at, value)


def _drop_before(row: Row, first: int) -> None:
    numbers, partials = row
    if numbers[0] < first:
        old = bisect_left(numbers, first)
        del numbers[:old], partials[:old]


def drop_old(
    state: EntityState,
    features: Iterable[Feature],
    ttl_ms: int,
    now: int,
    session_reach_ms: int = SESSION_REACH_MS,
) -> bool:
    """Drops what no window of the features reaches, what features that are gone have kept, and everything when there
    was no event for the time to live. True where nothing is left.

    ``add`` does this only for the features that its event tells something: this is for now and then.

    :param features: all that feed the state; for a visitor also those of its sessions.
    """
    now = max(now, state.newest)
    if now - state.newest > ttl_ms:
        state.tiles, state.lifetime = {}, {}
        return True
    tiles: dict[int, dict[int, Row | bytes]] = {}
    lifetime: Partials = {}
    for feature in features:
        key = feature.id
        if feature.has_lifetime and key in state.lifetime:
            lifetime[key] = state.lifetime[key]
        for hop, reach, of_session in feature.levels:
            row = row_of(state.tiles.get(hop, {}), feature)
            if row is None:
                continue
            _drop_before(row, (now - (max(reach, session_reach_ms) if of_session else reach)) // hop)
            if row[0]:
                tiles.setdefault(hop, {})[key] = row
    state.tiles, state.lifetime = tiles, lifetime
    return not tiles and not lifetime
