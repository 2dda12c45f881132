"""A lookup that is under way, shared by all events that need the same key meanwhile (single flight)."""

from typing import Any

from contracts.lookup_api.lookups import LookupKey
from core.flat_event import EnrichmentResult


class PendingLookup:
    """``answer`` is set once, by the loop's thread, at the latest when the request times out."""

    __slots__ = ("answer", "asked_by", "deadline", "key")

    def __init__(self, key: LookupKey, answer: EnrichmentResult | None = None, deadline: float = 0.0) -> None:
        self.key = key
        self.answer = answer
        self.deadline = deadline
        """When the last waiting event gives up, of :func:`time.monotonic`. Another event with the same key extends it.
        """
        self.asked_by: tuple[Any, ...] = ()
        """Span contexts of the waiting events that are sampled."""
