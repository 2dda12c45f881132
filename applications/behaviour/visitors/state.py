"""What the job keeps of a visitor as one packed value, beside the chunks of its events.

The packed value begins with the number of its format. A value of an older format is brought up to the present one when
it is read; one of a newer format stops the job, because to go on would lose what it holds.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from applications.behaviour.events.event_log import LogIndex
from applications.behaviour.features.state import FeaturesState
from applications.behaviour.sessions.state import SessionsState

FORMAT = 1
_MARK = FORMAT.to_bytes(2)


class LinkState(msgspec.Struct, array_like=True, gc=False):
    """An account's browser, as its state was told. Times in ms since 1970 UTC."""

    browser: str
    session_id: str
    """The browser's session in which the account was seen last."""
    since: int
    """Of the browser's first event."""
    linked: int
    """Of the first event with both."""
    first: int
    """Of the first link in a row of links that are close to each other."""
    last: int
    """Of the last link."""


class VisitorState(msgspec.Struct, array_like=True, gc=False):
    """Packed as a list; new fields come last and have defaults. Each module has a part."""

    first_seen: int
    """Time of the first event, ms since 1970 UTC."""
    log: LogIndex
    sessions: SessionsState
    told: dict[str, int] = {}
    """A browser's accounts → when each was told of the browser last."""
    links: list[LinkState] = []
    """An account's browsers."""
    identity_version: int = 0
    sent: dict[int, str] = {}
    """An account's events that went to a browser lately → that browser, so that a repetition goes there as well."""
    features: FeaturesState = msgspec.field(default_factory=FeaturesState)


class Keyed(msgspec.Struct, array_like=True, gc=False):
    """What one key has: a browser and an account may have the same id."""

    browser: VisitorState | None = None
    account: VisitorState | None = None
    timer: int = 0
    """When the timer fires that was set last; 0: none."""


class UnknownFormatError(Exception):
    """The state is of a later version of the job than this one."""


MIGRATIONS: Mapping[int, Callable[[bytes], bytes]] = MappingProxyType({})
"""Format → what makes the next format's bytes of its bytes."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Keyed).decode


def new_state(first_seen: int) -> VisitorState:
    return VisitorState(first_seen, LogIndex(), SessionsState())


def pack(keyed: Keyed) -> bytes:
    return _MARK + _encode(keyed)


def unpack(packed: bytes) -> Keyed:
    """:raises UnknownFormatError: see above."""
    written, body = int.from_bytes(packed[:2]), packed[2:]
    if written > FORMAT:
        raise UnknownFormatError(f"the state has format {written}; this version of the job reads up to {FORMAT}")
    for number in range(written, FORMAT):
        body = MIGRATIONS[number](body)
    return _decode(body)
