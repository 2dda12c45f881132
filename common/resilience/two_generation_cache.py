"""An in-memory cache with a bound on its entries, in two generations."""

from typing import Generic, TypeVar

Value = TypeVar("Value")


class TwoGenerationCache(Generic[Value]):
    """Approximately least recently used. An entry that is read moves to the young generation. When the young generation
    holds half of the bound, the old one is dropped as a whole. Reading a hot key is one dictionary look-up.

    One thread may read while another one writes: each operation consists of a few dictionary operations that are atomic
    under the GIL. A lost race can lose an entry, but never returns a wrong one.
    """

    __slots__ = ("_half", "_keeps_old", "_old", "_young")

    def __init__(self, max_entries: int) -> None:
        """``max_entries`` 0: the cache stays empty."""
        self._half = min(max_entries, max(1, max_entries // 2))
        self._keeps_old = max_entries > 1
        self._young: dict[str, Value] = {}
        self._old: dict[str, Value] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: str) -> Value | None:
        entry = self._young.get(key)
        if entry is None and self._old:
            entry = self._old.pop(key, None)
            if entry is not None:
                self._insert(key, entry)
        return entry

    def put(self, key: str, entry: Value) -> None:
        """Stores an entry. Replacing the entry of a cached key evicts nothing."""
        if self._half == 0:
            return
        if key in self._young:
            self._young[key] = entry
        elif key in self._old and len(self._young) >= self._half:
            self._old[key] = entry
        else:
            self._old.pop(key, None)
            self._insert(key, entry)

    def drop(self, key: str) -> bool:
        """Removes a key. Returns whether it was cached."""
        return self._young.pop(key, None) is not None or self._old.pop(key, None) is not None

    def clear(self) -> None:
        self._young, self._old = {}, {}

    def _insert(self, key: str, entry: Value) -> None:
        if len(self._young) >= self._half:
            self._old, self._young = (self._young if self._keeps_old else {}), {}
        self._young[key] = entry
