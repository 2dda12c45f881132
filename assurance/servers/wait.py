"""Waits for something to become true, with a limit."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], *, what: str, timeout_s: float = 10) -> None:
    """:raises TimeoutError: naming ``what``."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout_s} s: {what}")
        time.sleep(0.02)
