"""Free loopback ports, below the range that the kernel uses for outgoing connections.

The kernel may give a port from ``bind(0)`` to an outgoing connection before the server binds it. A port below that
range can be lost only to another server that asks for the same number; :func:`retry_on_conflict` then tries others.
"""

import random
import socket
from collections.abc import Callable
from typing import TypeVar

import tenacity

from local_stack.errors import ProcessExitedError

HOST = "127.0.0.1"
_LOW, _HIGH = 15000, 32000
_handed_out: set[int] = set()
_CONFLICTS = ("Address already in use", "BindException", "address already in use", "Could not bind")

T = TypeVar("T")


def free_port() -> int:
    """A port on which nothing listens now, and which this process has not given out before."""
    for port in random.sample(range(_LOW, _HIGH), 1000):
        if port in _handed_out:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        _handed_out.add(port)
        return port
    raise OSError(f"no free port between {_LOW} and {_HIGH}")


def _lost_a_port(error: BaseException) -> bool:
    return isinstance(error, ProcessExitedError) and any(sign in error.log for sign in _CONFLICTS)


def retry_on_conflict(start: Callable[[], T]) -> T:
    """Run ``start``, up to three times while a port is taken. ``start`` has to choose new ports each time."""
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_lost_a_port), stop=tenacity.stop_after_attempt(3), reraise=True
    )
    return retrying(start)
