"""What erases features, on the topic of behaviour messages: whose kind is told by the second byte, its tag.

An opt-out is sent by the job behaviour to the state of its subject, and the job features reads it as well. A message
about one entity is sent by a command.
"""

from typing import Literal, TypeAlias

import msgspec


class Forget(msgspec.Struct, frozen=True, array_like=True, tag=4, gc=False):
    """To a browser or account that has opted out."""

    subject: str
    tstamp: int
    """When it was told, ms since 1970 UTC."""


class EraseFeatures(msgspec.Struct, frozen=True, array_like=True, tag=6, gc=False):
    """To one entity: its features begin anew behind ``tstamp``."""

    entity: Literal["browser", "session", "user", "listing", "seller", "account"]
    entity_id: str
    tstamp: int
    """When it was asked for, ms since 1970 UTC."""


Erasure: TypeAlias = Forget | EraseFeatures
_TAGS = frozenset({4, 6})
_read = msgspec.msgpack.Decoder(Erasure).decode


def read_erasure(value: bytes) -> Erasure | None:
    """None for every other message, which is not read.

    :raises msgspec.MsgspecError: for an erasure that cannot be read.
    """
    # A list of fewer than 16 parts is one byte in MessagePack, and so is a small number, its first part.
    if len(value) < 2 or value[1] not in _TAGS or value[0] & 0xF0 != 0x90:
        return None
    erasure: Erasure = _read(value)
    return erasure
