"""Reading of a stored state only what some features need: the others' tiles, most of the bytes, are passed over."""

from collections.abc import Collection, Iterable

import msgspec

from core.features.aggregations.aggregation import Partial
from core.features.model import Feature, FeatureSet, Window
from core.features.state import PACKING, EntityState, Row
from core.features.stored import StoredEntity
from core.packing import Packing, UnknownFormatError
from core.stored_value import decode_state


class _Unread(msgspec.Struct, array_like=True, gc=False):
    """The fields of :class:`EntityState`, with each feature's part as it is in the bytes."""

    newest: int = 0
    tiles: dict[int, dict[int, msgspec.Raw]] = {}
    lifetime: dict[int, msgspec.Raw] = {}
    session_start: int = 0
    session_end: int = 0


_unpack = Packing(_Unread, PACKING.number, PACKING.migrations).unpack
_row = msgspec.msgpack.Decoder(Row).decode
_partial = msgspec.msgpack.Decoder(Partial).decode


def keys_of(wanted: Iterable[tuple[Feature, Window]], features: FeatureSet) -> frozenset[int]:
    """Ids of the features that the values are made of; of a ratio those of its parts."""
    found = set()
    for feature, _ in wanted:
        parts = (feature.name,) if feature.ratio is None else (feature.ratio.of, feature.ratio.to)
        found |= {part.id for name in parts if (part := features.by_name.get((feature.entity, name))) is not None}
    return frozenset(found)


def decode_partly(value: bytes, keys: Collection[int]) -> StoredEntity | None:
    """As :func:`core.features.stored.decode_entity`, with the features of these ids alone."""
    stored = decode_state(value)
    if stored is None:
        return None
    try:
        unread = _unpack(stored.packed)
        tiles = {hop: {key: _row(level[key]) for key in keys if key in level} for hop, level in unread.tiles.items()}
        lifetime = {key: _partial(unread.lifetime[key]) for key in keys if key in unread.lifetime}
    except (msgspec.MsgspecError, UnknownFormatError):
        return None
    state = EntityState(unread.newest, tiles, lifetime, unread.session_start, unread.session_end)
    return StoredEntity(state, stored.written_ms)
