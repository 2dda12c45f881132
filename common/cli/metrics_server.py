"""Serves Prometheus metrics over HTTP while a command runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

LOOPBACK = "127.0.0.1"


@contextmanager
def serving(registry: CollectorRegistry, port: int, host: str = LOOPBACK) -> Iterator[int]:
    """Serves the registry at ``/metrics`` and yields the port; with ``port`` 0 the system chooses one.

    :raises OSError: if the port is in use.
    """
    server, thread = start_http_server(port, addr=host, registry=registry)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
