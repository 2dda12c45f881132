"""Metrics over HTTP while something runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

LOOPBACK = "127.0.0.1"


@contextmanager
def serving(registry: CollectorRegistry, port: int, host: str = LOOPBACK) -> Iterator[int]:
    """For Prometheus at ``/metrics``; yields the port, which 0 leaves to the system. Raises OSError."""
    server, thread = start_http_server(port, addr=host, registry=registry)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
