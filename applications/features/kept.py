"""What the job keeps of one entity: its features, and what the job itself has to know. Pure."""

from typing import Final

import msgspec

from core.features.state import EntityState, pack, unpack
from core.packing import Packing


class Own(msgspec.Struct, array_like=True, gc=False):
    """Packed as a list: new fields come last and have defaults. Times in ms since 1970 UTC."""

    erased: int = 0
    """Events until then do not count. 0: nothing was erased."""
    changed: int = 0
    """When it last changed, by the job's clock."""
    published: int = 0
    """When its last record was made, by the job's clock."""
    publish_at: int = 0
    """A timer is set for then, because it changed soon after a record. 0: none."""
    expire_at: int = 0
    """A timer is set for then, which looks whether the entity is to be forgotten. 0: none."""
    seen: dict[int, bytearray] = {}
    """See :mod:`applications.features.seen_ids`."""


_OWN: Final = Packing(Own, 1, {})
_SIZE_BYTES: Final = 4


class Kept:
    """Unpacked, as a task holds it in memory."""

    __slots__ = ("_packed", "own", "state")

    def __init__(self, state: EntityState, own: Own, packed: bytes = b"") -> None:
        self.state, self.own = state, own
        self._packed = packed

    @classmethod
    def new(cls) -> "Kept":
        return cls(EntityState(), Own())

    @property
    def is_empty(self) -> bool:
        """Whether no event has counted."""
        return not self.state.newest

    @property
    def packed_state(self) -> bytes:
        """What the store and the topic have."""
        if not self._packed:
            self._packed = pack(self.state)
        return self._packed

    def note_change(self) -> None:
        """The state was changed: it is packed anew."""
        self._packed = b""


def pack_kept(kept: Kept) -> bytes:
    own = _OWN.pack(kept.own)
    return b"%b%b%b" % (len(own).to_bytes(_SIZE_BYTES), own, kept.packed_state)


def unpack_kept(packed: bytes) -> Kept:
    """:raises core.packing.UnknownFormatError: it is of a later version of the program.
    :raises msgspec.MsgspecError: these bytes are no state.
    """
    end = _SIZE_BYTES + int.from_bytes(packed[:_SIZE_BYTES])
    return Kept(unpack(packed[end:]), _OWN.unpack(packed[_SIZE_BYTES:end]), packed[end:])
