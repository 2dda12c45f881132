"""What waits to be written: of each key the newest value, and whether it is deleted before. Without threads.

The order is that in which the keys began to wait. What is under way to Redis stays in here until Redis has it, so
nothing has to be put back if it fails.
"""

from itertools import islice
from typing import Literal, NamedTuple, TypeAlias

from common.redis_states.versioned import HEAD

Deletion: TypeAlias = Literal["", "all", "older"]


class Entry(NamedTuple):
    since: float
    """``time.monotonic()`` of the oldest change that is not written."""
    deletion: Deletion = ""
    """Before the value: whatever is there, or only what was made by ``deleted_ms``."""
    deleted_ms: int = 0
    encoded: bytes = b""
    """With its version in front, so that a later one is greater. Empty: there is no value."""
    ttl_s: int = 0
    is_former: bool = False
    """The value is of the topic: nobody looks how long it waited."""


class Waiting:
    def __init__(self, keys: int, size: int) -> None:
        """:param keys: that there is room for, and ``size`` in bytes of their values."""
        self._most, self._most_bytes = keys, size
        self._entries: dict[bytes, Entry] = {}
        self._under_way: dict[bytes, Entry] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def oldest(self) -> float | None:
        return next(iter(self._entries.values())).since if self._entries else None

    def has_room(self, key: bytes, size: int) -> bool:
        """A value that is larger than the whole room may wait alone."""
        known = self._entries.get(key)
        if known is None:
            fits, before = len(self._entries) < self._most, 0
        else:
            fits, before = True, len(known.encoded)
        return fits and (size <= before or self.bytes - before + size <= self._most_bytes or self.bytes == before)

    def put(self, key: bytes, encoded: bytes, ttl_s: int, now: float, *, is_former: bool = False) -> bool:
        """:returns: False if a newer value waits."""
        known = self._entries.get(key)
        if known is None:
            self._set(key, Entry(now, "", 0, encoded, ttl_s, is_former))
            return True
        if known.encoded[: HEAD.size] > encoded[: HEAD.size]:
            return False
        since = self._since(key, known, now)
        self._set(key, known._replace(since=since, encoded=encoded, ttl_s=ttl_s, is_former=is_former))
        return True

    def put_former(self, key: bytes, encoded: bytes, ttl_s: int, now: float) -> bool:
        """As ``put``, of a value from the topic: one that was made before a deletion that waits is left out."""
        known = self._entries.get(key)
        if known is not None and known.deletion and HEAD.unpack_from(encoded)[1] <= known.deleted_ms:
            return False
        return self.put(key, encoded, ttl_s, now, is_former=True)

    def delete(self, key: bytes, at_ms: int, now: float) -> None:
        known = self._entries.get(key)
        self._set(key, Entry(now if known is None else self._since(key, known, now), "all", at_ms))

    def delete_older(self, key: bytes, made_ms: int, now: float) -> None:
        """Deletes a value that was made at ``made_ms`` or before."""
        known = self._entries.get(key) or Entry(now)
        since = self._since(key, known, now)
        if known.deletion != "all":
            known = known._replace(deletion="older", deleted_ms=max(made_ms, known.deleted_ms))
        if known.encoded and HEAD.unpack_from(known.encoded)[1] <= made_ms:
            known = known._replace(encoded=b"", ttl_s=0)
        self._set(key, known._replace(since=since))

    def begin(self, most: int, most_bytes: int) -> list[tuple[bytes, Entry]]:
        """The first ones, at least one if there is any: they are under way until ``end``."""
        chosen: list[tuple[bytes, Entry]] = []
        size = 0
        for key, entry in islice(self._entries.items(), most):
            size += len(entry.encoded)
            if chosen and size > most_bytes:
                break
            chosen.append((key, entry))
        self._under_way = dict(chosen)
        return chosen

    def end(self, written: list[tuple[bytes, Entry]]) -> None:
        """Forgets those, and no changes that came meanwhile."""
        for key, entry in written:
            if self._entries.get(key) is entry:
                self._remove(key)
        self._under_way = {}

    def _since(self, key: bytes, known: Entry, now: float) -> float:
        """A change of what is under way is a new one. Of others, the first change waits, in the newest value."""
        return now if self._under_way.get(key) is known else known.since

    def _set(self, key: bytes, entry: Entry) -> None:
        known = self._entries.get(key)
        if known is not None:
            self.bytes -= len(known.encoded)
            if known.since != entry.since:
                del self._entries[key]  # so that it comes behind the others
        self._entries[key] = entry
        self.bytes += len(entry.encoded)

    def _remove(self, key: bytes) -> None:
        self.bytes -= len(self._entries.pop(key).encoded)
