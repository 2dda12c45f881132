"""The in-process cache (L1): bounded by entries, with times to live, in two generations.

Entries are written by the loop's thread and read by the task's thread; every operation is a few dictionary
operations, each atomic under the interpreter's lock, and a lost race costs one lookup and no correctness.
"""

from enrichment_job.outcome import Answer

_Entry = tuple[float, float, Answer]
"""(fresh until, usable as stale until, answer); times of :func:`time.monotonic`, in seconds."""


class GenerationCache:
    """Least recently used, approximately: what is read moves to the young generation, and when that holds half
    of the bound, the old one is dropped whole. Reads of hot keys are one dictionary look-up.
    """

    __slots__ = ("_half", "_old", "_young")

    def __init__(self, max_entries: int) -> None:
        self._half = max(1, max_entries // 2)
        self._young: dict[str, _Entry] = {}
        self._old: dict[str, _Entry] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: str, now: float) -> Answer | None:
        """The answer if there is one that is still fresh."""
        entry = self._young.get(key)
        if entry is None:
            entry = self._old.pop(key, None)
            if entry is None:
                return None
            self._insert(key, entry)
        return entry[2] if now < entry[0] else None

    def stale(self, key: str, now: float) -> Answer | None:
        """The answer, fresh or not, if it may still be used when the service cannot be asked."""
        entry = self._young.get(key) or self._old.get(key)
        return entry[2] if entry is not None and now < entry[1] else None

    def put(self, key: str, answer: Answer, fresh_until: float, stale_until: float) -> None:
        self._old.pop(key, None)
        self._insert(key, (fresh_until, stale_until, answer))

    def _insert(self, key: str, entry: _Entry) -> None:
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[key] = entry
