"""The events that are kept of a visitor: the newest few in the visitor's own value, the older ones in chunks.

A chunk is written once, when the newest are enough for one. So an event costs a small write, however many there are.
"""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from applications.behaviour.events.logged_event import LoggedEvent

CHUNK = 16
"""Events of a chunk. Few, because the newest are written anew with each event."""
_LIST_16 = b"\xdc"
"""MessagePack: a list follows, its length in 16 bits."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[LoggedEvent]).decode


class Chunks(Protocol):
    """The state of chunks, by number. All calls are for the same visitor."""

    def get(self, number: int) -> bytes | None: ...

    def put(self, number: int, chunk: bytes) -> None: ...

    def remove(self, number: int) -> None: ...


class LogIndex(msgspec.Struct, array_like=True, gc=False):
    """The part of the log that is in the visitor's own value."""

    newest: bytes = b""
    """The events behind the last chunk, each in MessagePack."""
    newest_events: int = 0
    first_chunk: int = 0
    chunks: int = 0


class EventLog:
    """One visitor's events, each once, in the order of arrival."""

    __slots__ = ("_chunks", "ids", "index")

    def __init__(self, index: LogIndex, chunks: Chunks) -> None:
        self.index = index
        self._chunks = chunks
        self.ids = {event.id for event in self.events()} if index.newest_events or index.chunks else set[int]()

    def __len__(self) -> int:
        return len(self.ids)

    def append(self, event: LoggedEvent) -> None:
        """:param event: one whose id the log does not have."""
        index = self.index
        self.ids.add(event.id)
        index.newest += _encode(event)
        index.newest_events += 1
        if index.newest_events >= CHUNK:
            self._chunks.put(index.first_chunk + index.chunks, index.newest)
            index.chunks += 1
            index.newest, index.newest_events = b"", 0

    def events(self) -> list[LoggedEvent]:
        index = self.index
        found: list[LoggedEvent] = []
        for number in range(index.first_chunk, index.first_chunk + index.chunks):
            chunk = self._chunks.get(number)
            if chunk is None:
                raise ValueError("a chunk of the visitor's events is missing in the state")
            found += _unpack(chunk, CHUNK)
        return found + _unpack(index.newest, index.newest_events)

    def replace(self, events: Iterable[LoggedEvent]) -> None:
        """Keep these events and no others."""
        index = self.index
        for number in range(index.first_chunk, index.first_chunk + index.chunks):
            self._chunks.remove(number)
        index.first_chunk, index.chunks = 0, 0
        index.newest, index.newest_events = b"", 0
        self.ids = set()
        for event in events:
            self.append(event)


def _unpack(packed: bytes, events: int) -> list[LoggedEvent]:
    return _decode(_LIST_16 + events.to_bytes(2) + packed)
