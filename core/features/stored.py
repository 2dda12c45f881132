"""An entity's state as it is in Redis, and packed in the topic's record."""

from typing import NamedTuple

import msgspec

from core.features.state import EntityState, pack, unpack
from core.packing import UnknownFormatError
from core.stored_value import StoredState, decode_state, encode_state


class StoredEntity(NamedTuple):
    state: EntityState
    written_ms: int
    """When the job put it there, by its clock, ms since 1970 UTC."""


def encode_entity(state: EntityState, written_ms: int) -> bytes:
    return encode_packed(pack(state), state.newest, written_ms)


def encode_packed(packed: bytes, newest_ms: int, written_ms: int) -> bytes:
    """Of a state that is packed already, such as the topic's."""
    return encode_state(StoredState(max(newest_ms, 0), written_ms, packed))


def decode_entity(value: bytes) -> StoredEntity | None:
    """None for what is no state, or the state of a later version of the program."""
    stored = decode_state(value)
    if stored is None:
        return None
    try:
        return StoredEntity(unpack(stored.packed), stored.written_ms)
    except (msgspec.MsgspecError, UnknownFormatError):
        return None
