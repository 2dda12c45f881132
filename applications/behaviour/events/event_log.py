"""The events that are kept of a visitor: the newest few in the visitor's own value, the older ones in chunks.

A chunk is written once, when the newest are enough for one. So an event costs a small write, however many there are.
The ids of all events are kept beside them, in the same way: to know that an event is new must not take reading others.
"""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from applications.behaviour.events.logged_event import LoggedEvent

CHUNK = 8
"""Events of a chunk. Few, because the newest are written anew with each event."""
BLOCK = 64
"""Ids of a block. Most visitors have fewer events, and then nothing but their own value is read."""
_ID_BYTES = 8
_LIST_16 = b"\xdc"
"""MessagePack: a list follows, its length in 16 bits."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[LoggedEvent]).decode


class Chunks(Protocol):
    """The state of chunks, by number. Blocks of ids have negative numbers."""

    def get(self, number: int) -> bytes | None: ...

    def put(self, number: int, chunk: bytes) -> None: ...

    def remove(self, number: int) -> None: ...


class LogIndex(msgspec.Struct, array_like=True, gc=False):
    """The part of the log that is in the visitor's own value. New fields come last and have defaults."""

    newest: bytes = b""
    """The events behind the last chunk, each in MessagePack."""
    newest_events: int = 0
    chunks: int = 0
    ids: bytes = b""
    """Of the events behind the last block, 8 bytes each."""
    blocks: int = 0

    @property
    def events(self) -> int:
        return self.chunks * CHUNK + self.newest_events


class EventLog:
    """One visitor's events, each once, in the order of arrival."""

    __slots__ = ("_chunks", "_older_ids", "index")

    def __init__(self, index: LogIndex, chunks: Chunks) -> None:
        self.index = index
        self._chunks = chunks
        self._older_ids = bytearray().join(self._stored(-1 - number) for number in range(index.blocks))

    def __len__(self) -> int:
        return self.index.events

    def has(self, event_id: int) -> bool:
        wanted = event_id.to_bytes(_ID_BYTES)
        return _contains(self.index.ids, wanted) or _contains(self._older_ids, wanted)

    def append(self, event: LoggedEvent) -> None:
        """:param event: one that the log does not have."""
        index = self.index
        index.newest += _encode(event)
        index.newest_events += 1
        index.ids += event.id.to_bytes(_ID_BYTES)
        if index.newest_events >= CHUNK:
            self._chunks.put(index.chunks, index.newest)
            index.chunks += 1
            index.newest, index.newest_events = b"", 0
        if len(index.ids) >= BLOCK * _ID_BYTES:
            self._chunks.put(-1 - index.blocks, index.ids)
            self._older_ids += index.ids
            index.blocks += 1
            index.ids = b""

    def events(self) -> list[LoggedEvent]:
        index = self.index
        found: list[LoggedEvent] = []
        for number in range(index.chunks):
            found += _unpack(self._stored(number), CHUNK)
        return found + _unpack(index.newest, index.newest_events)

    def replace(self, events: Iterable[LoggedEvent]) -> None:
        """Keep these events and no others."""
        kept, index = list(events), self.index
        chunks, blocks = index.chunks, index.blocks
        index.newest, index.newest_events, index.chunks, index.ids, index.blocks = b"", 0, 0, b"", 0
        self._older_ids = bytearray()
        for event in kept:
            self.append(event)
        for number in range(index.chunks, chunks):
            self._chunks.remove(number)
        for number in range(index.blocks, blocks):
            self._chunks.remove(-1 - number)

    def _stored(self, number: int) -> bytes:
        chunk = self._chunks.get(number)
        if chunk is None:
            raise ValueError("a chunk of the visitor's events is missing in the state")
        return chunk


def _contains(ids: bytes | bytearray, wanted: bytes) -> bool:
    at = ids.find(wanted)
    while at >= 0 and at % _ID_BYTES:
        at = ids.find(wanted, at + 1)
    return at >= 0


def _unpack(packed: bytes, events: int) -> list[LoggedEvent]:
    return _decode(_LIST_16 + events.to_bytes(2) + packed)
