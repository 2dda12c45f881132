"""The in-process cache (L1): bounded by entries, with times to live.

The event loop's thread writes entries, the tasks' threads read them.
"""

from common.resilience.two_generation_cache import TwoGenerationCache
from core.flat_event import EnrichmentResult

_Entry = tuple[float, float, EnrichmentResult]
"""(fresh until, usable as stale until, result); times in seconds of :func:`time.monotonic`."""


class ResultCache(TwoGenerationCache[_Entry]):
    __slots__ = ()

    def fresh(self, key: str, now: float) -> EnrichmentResult | None:
        """The result if there is one within its time to live."""
        entry = self._young.get(key) or self.get(key)  # no call for what is hot
        return entry[2] if entry is not None and now < entry[0] else None

    def stale(self, key: str, now: float) -> EnrichmentResult | None:
        """The result, fresh or not, if it may still be used while the service cannot be asked."""
        entry = self._young.get(key) or self._old.get(key)
        return entry[2] if entry is not None and now < entry[1] else None

    def keep(self, key: str, result: EnrichmentResult, fresh_until: float, stale_until: float) -> None:
        self.put(key, (fresh_until, stale_until, result))

    def keep_instead(self, key: str, result: EnrichmentResult, fresh_until: float, now: float) -> None:
        """Replace an entry by what its stale result was made into. The new one is usable as long as the old one was."""
        entry = self._young.get(key) or self._old.get(key)
        stale_until = entry[1] if entry is not None and now < entry[1] else fresh_until
        self.put(key, (min(fresh_until, stale_until), stale_until, result))
