"""The in-process cache (L1): bounded by entries, with times to live.

Entries are written by the loop's thread and read by the task's thread.
"""

from common.resilience.two_generation_cache import TwoGenerationCache
from core.flat_event import EnrichmentResult

_Entry = tuple[float, float, EnrichmentResult]
"""(fresh until, usable as stale until, answer); times of :func:`time.monotonic`, in seconds."""


class ResultCache(TwoGenerationCache[_Entry]):
    __slots__ = ()

    def fresh(self, key: str, now: float) -> EnrichmentResult | None:
        """The answer if there is one that is still fresh."""
        entry = self._young.get(key) or self.get(key)  # no call for what is hot
        return entry[2] if entry is not None and now < entry[0] else None

    def stale(self, key: str, now: float) -> EnrichmentResult | None:
        """The answer, fresh or not, if it may still be used when the service cannot be asked."""
        entry = self._young.get(key) or self._old.get(key)
        return entry[2] if entry is not None and now < entry[1] else None

    def keep(self, key: str, answer: EnrichmentResult, fresh_until: float, stale_until: float) -> None:
        self.put(key, (fresh_until, stale_until, answer))

    def keep_instead(self, key: str, answer: EnrichmentResult, fresh_until: float, now: float) -> None:
        """What :meth:`stale` was made into, if it had anything, is usable for as long as that was and no longer."""
        entry = self._young.get(key) or self._old.get(key)
        stale_until = entry[1] if entry is not None and now < entry[1] else fresh_until
        self.put(key, (min(fresh_until, stale_until), stale_until, answer))
