"""A bounded cache: the least recently used entry goes first, and none is older than its time to live."""

from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class TtlCache(Generic[Value]):
    """Times are seconds of any one clock, passed in, so that a batch reads the clock once."""

    def __init__(self, *, max_entries: int, ttl_s: float) -> None:
        self._max_entries = max_entries
        self._ttl_s = ttl_s
        self._entries: OrderedDict[str, tuple[Value, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str, now: float) -> tuple[Value, float] | None:
        """The value and the time it was put in, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if now - entry[1] >= self._ttl_s:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: str, value: Value, now: float) -> None:
        self._entries[key] = (value, now)
        self._entries.move_to_end(key)
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        self._entries.clear()
