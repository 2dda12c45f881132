"""The cache inside the process (L1): bounded by entries, with times to live.

The loop's thread writes entries, the task's thread reads them.
"""

from common.resilience.two_generation_cache import TwoGenerationCache
from core.flat_event import EnrichmentResult

_Entry = tuple[float, float, EnrichmentResult]
"""(fresh until, usable as stale until, result); times of :func:`time.monotonic`, in seconds."""


class ResultCache(TwoGenerationCache[_Entry]):
    __slots__ = ()

    def fresh(self, key: str, now: float) -> EnrichmentResult | None:
        """The result if there is one that is still fresh."""
        entry = self._young.get(key) or self.get(key)  # saves a call of get for recent keys
        return entry[2] if entry is not None and now < entry[0] else None

    def stale(self, key: str, now: float) -> EnrichmentResult | None:
        """The result, fresh or not, if it may still be used while the service cannot be reached."""
        entry = self._young.get(key) or self._old.get(key)
        return entry[2] if entry is not None and now < entry[1] else None

    def keep(self, key: str, result: EnrichmentResult, fresh_until: float, stale_until: float) -> None:
        self.put(key, (fresh_until, stale_until, result))

    def keep_instead(self, key: str, result: EnrichmentResult, fresh_until: float, now: float) -> None:
        """Replaces the result of :meth:`stale`, if there was one, and stays usable no longer than that would have."""
        entry = self._young.get(key) or self._old.get(key)
        stale_until = entry[1] if entry is not None and now < entry[1] else fresh_until
        self.put(key, (min(fresh_until, stale_until), stale_until, result))
