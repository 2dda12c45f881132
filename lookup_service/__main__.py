"""``python -m lookup_service``: serves until SIGTERM. Exit code 2 for invalid settings or sources."""

import asyncio
import os
import resource
import signal
import sys
import tempfile
from types import FrameType
from typing import Any

import uvicorn

from lookup_service import memory
from lookup_service.app import create_app
from lookup_service.http import logs
from lookup_service.http.api_keys import read_api_keys
from lookup_service.http.connections import HeaderTimeoutProtocol
from lookup_service.metrics import MULTIPROCESS, Metrics
from lookup_service.services import open_services
from lookup_service.settings import Settings, SettingsError, load_settings
from lookup_service.sources.sources_file import SourcesFileError

GRACE_S = 10
"""Time limit after SIGTERM for requests in progress."""
FILES_BESIDE_CONNECTIONS = 512
"""File descriptors for data files and for connections to the sources and Redis."""


def main() -> int:
    try:
        settings = load_settings()
        read_api_keys(settings)
        asyncio.run(_try_sources(settings))
    except SettingsError as error:
        print(f"lookup_service: {error}", file=sys.stderr)
        return 2
    except SourcesFileError as error:
        print(f"lookup_service: LOOKUP_SOURCES_PATH: {error}", file=sys.stderr)
        return 2
    logs.configure(settings.log_level)
    memory.return_large_blocks()
    _raise_file_limit(settings.max_connections + FILES_BESIDE_CONNECTIONS)
    if settings.workers == 1:
        # uvicorn raises the signal again after its graceful shutdown; the process should still exit with 0.
        signal.signal(signal.SIGTERM, _exit_normally)
        signal.signal(signal.SIGINT, _exit_normally)
        HeaderTimeoutProtocol.configure(settings)
        uvicorn.run(create_app(settings), **_options(settings))
        return 0
    with tempfile.TemporaryDirectory(prefix="lookup-metrics-") as shared_metrics:
        os.environ[MULTIPROCESS] = shared_metrics
        uvicorn.run("lookup_service.app:create_worker", factory=True, workers=settings.workers, **_options(settings))
    return 0


async def _try_sources(settings: Settings) -> None:
    """Opens all sources once, so that an invalid one is reported in one line instead of crashing a worker."""
    async with open_services(settings, Metrics()):
        pass


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "loop": "uvloop",
        "http": HeaderTimeoutProtocol,
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_keep_alive": 75,
        "timeout_graceful_shutdown": GRACE_S,
        "ssl_certfile": settings.tls_certificate_path,
        "ssl_keyfile": settings.tls_key_path,
    }


def _raise_file_limit(number: int) -> None:
    """Raises the soft limit of open files up to the hard one: without free descriptors no client can connect."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    new_soft = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < new_soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (new_soft, hard))


def _exit_normally(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
