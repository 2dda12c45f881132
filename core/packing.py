"""How a state is kept as one packed value.

It begins with the number of its format. A value of an older format is brought up to the present one when it is read;
one of a newer format is refused, because to go on would lose what it holds.
"""

from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeVar

import msgspec

StateT = TypeVar("StateT")
_MARK_BYTES: Final = 2
_encode = msgspec.msgpack.Encoder().encode


class UnknownFormatError(Exception):
    """The state is of a later version of the program than this one, or it is no state."""


class Packing(Generic[StateT]):
    """Of one kind of state."""

    def __init__(self, kind: type[StateT], number: int, migrations: Mapping[int, Callable[[bytes], bytes]]) -> None:
        """:param number: of the present format, from 1.
        :param migrations: format → what makes the next format's bytes of its bytes, for each format before the present.
        """
        self.number = number
        self.migrations = migrations
        self._mark = number.to_bytes(_MARK_BYTES)
        self._decode = msgspec.msgpack.Decoder(kind).decode

    def pack(self, state: StateT) -> bytes:
        return self._mark + _encode(state)

    def unpack(self, packed: bytes) -> StateT:
        """:raises UnknownFormatError: see above.
        :raises msgspec.MsgspecError: these bytes are no state.
        """
        written, body = int.from_bytes(packed[:_MARK_BYTES]), packed[_MARK_BYTES:]
        if not 1 <= written <= self.number:
            raise UnknownFormatError(f"the state has format {written}; this version reads up to {self.number}")
        for number in range(written, self.number):
            body = self.migrations[number](body)
        return self._decode(body)
