"""A server with low limits on connections and headers."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.lookup_service.lookup_harness import ServerProcess, source

KEY = "k" * 32
REDIS = "redis://127.0.0.1:1/0"
HEADER_BYTES = 16 * 1024
MAX_CONNECTIONS = 64
BEGIN = b"POST /v1/lookup HTTP/1.1\r\nhost: a\r\n"
ALIVE = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"
CHUNKED = BEGIN + b"transfer-encoding: chunked\r\n\r\n"


@contextlib.contextmanager
def limited_server(folder: Path) -> Iterator[ServerProcess]:
    """A server with low limits; its client sends the API key. Its log must have no exception at the end."""
    log = folder / "log"
    with ServerProcess(
        log,
        redis_url=REDIS,
        sources=source("campaign"),
        api_keys=f"job:{KEY}:lookup",
        max_header_bytes=HEADER_BYTES,
        max_connections=MAX_CONNECTIONS,
        body_timeout_ms=2000,
    ) as running:
        running.client.headers["x-api-key"] = KEY
        yield running
    assert "Traceback" not in log.read_text()
    assert '"exception"' not in log.read_text()
