"""The clock for cache entries and their ages."""

import time

_OFFSET_NS = time.time_ns() - time.monotonic_ns()


def now_ms() -> int:
    """Milliseconds since 1970 UTC. Set at process start and monotonic since then, so two processes nearly agree."""
    return (_OFFSET_NS + time.monotonic_ns()) // 1_000_000
