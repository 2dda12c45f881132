"""Waits until a condition holds, with a time limit."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], *, what: str, timeout_s: float = 10) -> None:
    """:raises TimeoutError: naming ``what``, after ``timeout_s`` seconds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout_s} s: {what}")
        time.sleep(0.02)
