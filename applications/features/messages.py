"""What the first operators send the state of one entity, packed. Messages live in the job's own channels only: a
savepoint has none of them.
"""

from typing import TypeAlias

import msgspec

from core.features.model import EntityName

Told: TypeAlias = tuple[int, int | str | None]
"""The feature's id, and the value of a :class:`core.features.state.Contribution`."""


class Counted(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    """An event that counts for some of the entity's features."""

    entity: EntityName
    entity_id: str
    at: int
    """The event's time, ms since 1970 UTC."""
    told: list[Told]
    event: bytes = b""
    """Short id of an event that may come again; empty: it comes once."""


class Erased(msgspec.Struct, frozen=True, array_like=True, tag=2, gc=False):
    """Nothing counts any more that happened until now."""

    entity: EntityName
    entity_id: str
    at: int
    """When that was asked for, ms since 1970 UTC."""


ToEntity: TypeAlias = Counted | Erased
encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ToEntity).decode


def decode(packed: bytes) -> ToEntity:
    """:raises msgspec.MsgspecError: for what is none of them."""
    message: ToEntity = _decode(packed)
    return message
