"""What a state keeps of one length of tiles: the newest tile as it is, and those before it packed.

Nearly every event is of the newest tile. The others are bytes to which a tile is appended when a newer one begins, so
whoever adds an event neither reads nor writes them. A tile has all features that were told something in its time.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias, TypeVar

import msgspec

from core.features.aggregations.aggregation import Partial, Partials

AnyT = TypeVar("AnyT")
Tile: TypeAlias = tuple[int, Partials]
"""Its number, which is its time by its length, and what each feature keeps: the feature's id → its partial."""


class Tiles(msgspec.Struct, array_like=True, gc=False):
    """Packed as a list: new fields come last and have defaults."""

    number: int
    """Of the newest tile."""
    newest: Partials = {}
    former: bytes = b""
    """Earlier tiles, one packed :data:`Tile` behind the other, in the order of their numbers."""
    count: int = 0
    """How many these are."""
    oldest: int = 0
    """Number of the first of them."""
    reach_ms: int = 0
    """The longest that one of the features needs them."""


_DROP_EVERY: Final = 8
"""Tiles. Old ones are dropped when so many were added, since that reads all of them."""
_pack_tile = msgspec.msgpack.Encoder().encode
_unpack_tiles = msgspec.msgpack.Decoder(list[Tile]).decode
_skim_tiles = msgspec.msgpack.Decoder(list[tuple[int, msgspec.Raw]]).decode
_unpack_partials = msgspec.msgpack.Decoder(Partials).decode


def former_tiles(level: Tiles) -> list[Tile]:
    """Changes of these change nothing: see :func:`keep_former`."""
    return _unpack_tiles(_listed(level)) if level.count else []


def all_tiles(level: Tiles) -> list[Tile]:
    """In the order of their numbers, the newest one last."""
    return [*former_tiles(level), (level.number, level.newest)]


def tiles_since(level: Tiles, first: int) -> Sequence[Tile]:
    """From that number on. Earlier ones are passed over unread. Changes of them change nothing."""
    if level.oldest >= first or not level.count:
        return since(all_tiles(level), first)
    skimmed = _skim_tiles(_listed(level))
    found: list[Tile] = [(number, _unpack_partials(raw)) for number, raw in since(skimmed, first)]
    return [*found, (level.number, level.newest)] if level.number >= first else found


def _listed(level: Tiles) -> bytes:
    """A list of MessagePack is its length and its parts."""
    return b"\xdd%b%b" % (level.count.to_bytes(4), level.former)


def keep_former(level: Tiles, tiles: Sequence[Tile]) -> None:
    level.former = b"".join(map(_pack_tile, tiles))
    level.count = len(tiles)
    level.oldest = tiles[0][0] if tiles else 0


def tiles_of(tiles: Sequence[Tile], reach_ms: int) -> Tiles:
    """:param tiles: at least one, in the order of their numbers."""
    number, newest = tiles[-1]
    level = Tiles(number, newest, reach_ms=reach_ms)
    keep_former(level, tiles[:-1])
    return level


def begin_tile(level: Tiles, number: int, first: int) -> None:
    """:param number: of the tile, which is newer than the newest one.
    :param first: no feature needs tiles before this number.
    """
    if level.number < first:
        level.former, level.count = b"", 0
    elif level.newest:
        level.former += _pack_tile((level.number, level.newest))
        if not level.count:
            level.oldest = level.number
        level.count += 1
        if level.oldest < first and not level.count % _DROP_EVERY:
            keep_former(level, since(former_tiles(level), first))
    level.number, level.newest = number, {}


def tile_of(tiles: list[Tile], number: int) -> Partials:
    """The tile with that number, a new one in its place if there is none."""
    place = bisect_left(tiles, (number,))
    if place == len(tiles) or tiles[place][0] != number:
        tiles.insert(place, (number, {}))
    return tiles[place][1]


def since(tiles: Sequence[tuple[int, AnyT]], first: int) -> Sequence[tuple[int, AnyT]]:
    """From that number on."""
    return tiles[bisect_left(tiles, (first,)) :]


def since_until(tiles: Sequence[Tile], first: int, last: int) -> Sequence[Tile]:
    """From one number to another, both among them."""
    return tiles[bisect_left(tiles, (first,)) : bisect_left(tiles, (last + 1,))]


def without(level: Tiles, first: int, last: int) -> Tiles | None:
    """Without the tiles from one number to another. None: none is left."""
    left = [each for each in all_tiles(level) if not first <= each[0] <= last]
    return tiles_of(left, level.reach_ms) if left else None


def found_in(tiles: Iterable[Tile], key: int) -> list[Partial]:
    """What the tiles have of a feature."""
    return [partials[key] for _, partials in tiles if key in partials]
