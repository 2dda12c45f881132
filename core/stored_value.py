"""What jobs write to Redis as the state of one key: pure bytes.

A state is two numbers of 8 bytes, unsigned with the highest byte first, and the packed state behind them, which begins
with the number of its own format. Every value is absolute: the state of a key as it is now. So a job that runs again
from its checkpoint writes the same values again.
"""

import struct
from typing import NamedTuple

_HEAD = struct.Struct(">QQ")


class StoredState(NamedTuple):
    newest_ms: int
    """Time of the newest event that the state has, ms since 1970 UTC: the value's version."""
    written_ms: int
    """When the job put it into Redis, by its clock, ms since 1970 UTC."""
    packed: bytes


def encode_state(state: StoredState) -> bytes:
    return _HEAD.pack(state.newest_ms, state.written_ms) + state.packed


def decode_state(value: bytes) -> StoredState | None:
    """None for a value that is too short to be a state. Whether ``packed`` can be read is for its own module to say."""
    if len(value) <= _HEAD.size:
        return None
    newest_ms, written_ms = _HEAD.unpack_from(value)
    return StoredState(newest_ms, written_ms, value[_HEAD.size :])
