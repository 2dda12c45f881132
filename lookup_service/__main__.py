"""``python -m lookup_service``: serve until SIGTERM. Exit code 2 where settings or sources are wrong."""

import asyncio
import os
import resource
import signal
import sys
import tempfile
from types import FrameType
from typing import Any

import uvicorn

from lookup_service.app import create_app
from lookup_service.http import logs, memory
from lookup_service.http.api_keys import read_api_keys
from lookup_service.http.connections import HeaderTimeoutProtocol
from lookup_service.metrics import MULTIPROCESS, Metrics
from lookup_service.services import open_services
from lookup_service.settings import Settings, SettingsError, load_settings
from lookup_service.sources.sources_file import SourcesFileError

GRACE_S = 10
"""Requests under way at SIGTERM may take so long."""
FILES_BESIDE_CONNECTIONS = 512
"""Data files, connections to sources and Redis."""


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
    memory.give_back_large_blocks()
    _allow_files(settings.max_connections + FILES_BESIDE_CONNECTIONS)
    if settings.workers == 1:
        # uvicorn raises the signal again after its graceful shutdown: that is a normal end.
        signal.signal(signal.SIGTERM, _exit_normally)
        signal.signal(signal.SIGINT, _exit_normally)
        HeaderTimeoutProtocol.limit(settings)
        uvicorn.run(create_app(settings), **_options(settings))
        return 0
    with tempfile.TemporaryDirectory(prefix="lookup-metrics-") as together:
        os.environ[MULTIPROCESS] = together
        uvicorn.run("lookup_service.app:create_worker", factory=True, workers=settings.workers, **_options(settings))
    return 0


async def _try_sources(settings: Settings) -> None:
    """Open everything once, so that what is wrong with it is one line and not the end of a worker."""
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


def _allow_files(number: int) -> None:
    """As far as the process may: where files run out, nobody can connect."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _exit_normally(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
