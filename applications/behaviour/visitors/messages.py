"""What one visitor's state tells another's, on the job's own topic. In MessagePack; an event is JSON, and begins with a
brace. A message is keyed by the visitor to whom it goes.
"""

from collections.abc import Iterator, Sequence

import msgspec

from applications.behaviour.events.logged_event import LoggedEvent
from contracts.features.erasures import EraseFeatures, Forget


class Linked(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    """To an account: a browser has it in a session. Times in ms since 1970 UTC."""

    account: str
    browser: str
    session_id: str
    since: int
    """Of the browser's first event that is known."""
    tstamp: int
    """Of the event with both."""


class Forwarded(msgspec.Struct, frozen=True, array_like=True, tag=2, gc=False):
    """To a browser: an event of its account that has not been in any session yet."""

    tstamp: int
    """The event's."""
    event: bytes
    """As it was read."""


class Moved(msgspec.Struct, frozen=True, array_like=True, tag=3, gc=False):
    """To a browser: events that were in sessions of its account. They have passed already."""

    tstamp: int
    """Of the event by which the browser was known."""
    events: list[LoggedEvent]


class Unlinked(msgspec.Struct, frozen=True, array_like=True, tag=5, gc=False):
    """To an account: a browser of it has opted out."""

    account: str
    browser: str
    tstamp: int


Message = Linked | Forwarded | Moved | Forget | Unlinked | EraseFeatures
_MOST_BYTES = 256 * 1024
pack_message = msgspec.msgpack.Encoder().encode
read_message = msgspec.msgpack.Decoder(Message).decode


def in_parts(events: Sequence[LoggedEvent]) -> Iterator[list[LoggedEvent]]:
    """The events in lists that each fit into a record, whose size the broker limits."""
    part: list[LoggedEvent] = []
    size = 0
    for event in events:
        size += len(pack_message(event))
        if part and size > _MOST_BYTES:
            yield part
            part, size = [], len(pack_message(event))
        part.append(event)
    if part:
        yield part


def is_event(value: bytes) -> bool:
    return value[:1] == b"{"
