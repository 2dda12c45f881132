"""What is kept of one value, as one packed value.

It begins with the number of its format. A value of an older format is brought up to the present one when it is read;
one of a newer format is refused, because to go on would lose what it holds.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from core.risk.facets.seen import SeenCounts
from core.risk.observation import Hit, Observation
from core.risk.windows.evaluation import NOTHING_DROPPED

FORMAT = 1
_MARK = FORMAT.to_bytes(2)


class FacetEntry(msgspec.Struct, array_like=True, gc=False):
    """An event of the log. Packed as a list, as all of the state; new fields come last and have defaults."""

    observed: Observation
    hits: dict[str, Hit] = {}
    """Rule → its hit."""
    seen: int = 0
    """What the event was told of successful sign-ins."""

    @property
    def key(self) -> tuple[int, str]:
        return self.observed.at, self.observed.event_id


class FacetState(msgspec.Struct, array_like=True, gc=False):
    log: list[FacetEntry] = []
    """In the order of ``(at, event_id)``: the events that a rule of this facet counts."""
    dropped_at: int = NOTHING_DROPPED
    """Of the latest event that left the log, ms since 1970 UTC."""
    dropped_id: str = ""
    seen: SeenCounts = msgspec.field(default_factory=SeenCounts)


class UnknownFormatError(Exception):
    """The state is of a later version of the program than this one."""


MIGRATIONS: Mapping[int, Callable[[bytes], bytes]] = MappingProxyType({})
"""Format → what makes the next format's bytes of its bytes."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(FacetState).decode


def pack(state: FacetState) -> bytes:
    return _MARK + _encode(state)


def unpack(packed: bytes) -> FacetState:
    """:raises UnknownFormatError: see above."""
    written, body = int.from_bytes(packed[:2]), packed[2:]
    if written > FORMAT:
        raise UnknownFormatError(f"the state has format {written}; this version reads up to {FORMAT}")
    for number in range(written, FORMAT):
        body = MIGRATIONS[number](body)
    return _decode(body)
