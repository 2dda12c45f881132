"""A lookup that someone waits for: shared by all who ask for the same key meanwhile (single-flight)."""

from typing import Any

from contracts.lookup_api.lookups import LookupKey
from core.flat_event import EnrichmentResult


class PendingLookup:
    """``answer`` is set once, by the loop's thread, at the latest when the request's time is over."""

    __slots__ = ("answer", "asked_by", "deadline", "key")

    def __init__(self, key: LookupKey, answer: EnrichmentResult | None = None, deadline: float = 0.0) -> None:
        self.key = key
        self.answer = answer
        self.deadline = deadline
        """When the last event that waits for it has left; of :func:`time.monotonic`. Who asks again moves it."""
        self.asked_by: tuple[Any, ...] = ()
        """Span contexts of the sampled events among those who wait."""
