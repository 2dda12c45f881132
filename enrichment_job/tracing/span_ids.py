"""Span ids that are known before their spans are made."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.sdk.trace.id_generator import RandomIdGenerator


class SpanIds(RandomIdGenerator):
    """Random ids, except for the span that a thread begins inside of :meth:`next_is`."""

    def __init__(self) -> None:
        self._here = threading.local()

    @contextmanager
    def next_is(self, span_id: int) -> Iterator[None]:
        self._here.next = span_id
        try:
            yield
        finally:
            self._here.next = None

    def generate_span_id(self) -> int:
        return getattr(self._here, "next", None) or super().generate_span_id()
