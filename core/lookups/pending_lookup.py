"""A lookup that was started and has no result yet. All events that need the same key meanwhile share one
(single-flight).
"""

from typing import Any

from contracts.lookup_api.lookups import LookupKey
from core.flat_event import EnrichmentResult


class PendingLookup:
    """``result`` is set once, by the event loop's thread, at the latest when the request's time is over."""

    __slots__ = ("asked_by", "deadline", "key", "result")

    def __init__(self, key: LookupKey, result: EnrichmentResult | None = None, deadline: float = 0.0) -> None:
        self.key = key
        self.result = result
        self.deadline = deadline
        """When the last event that waits for it leaves, in seconds of :func:`time.monotonic`. Each further event that
        asks for the key moves it."""
        self.asked_by: tuple[Any, ...] = ()
        """Span contexts of the sampled events among those that wait."""
