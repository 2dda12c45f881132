"""The one clock of answers and their ages."""

import time

_OFFSET_NS = time.time_ns() - time.monotonic_ns()


def now_ms() -> int:
    """Milliseconds since 1970 UTC, as of the process's start: it never goes back, and two processes nearly agree."""
    return (_OFFSET_NS + time.monotonic_ns()) // 1_000_000
