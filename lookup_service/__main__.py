"""``python -m lookup_service``: serve until SIGTERM. Exit code 2 where the settings are wrong."""

import signal
import sys
from types import FrameType

import uvicorn

from lookup_service import logs
from lookup_service.app import create_app
from lookup_service.settings import Settings, SettingsError, load_settings
from lookup_service.sources.city_database import CityDatabase, NotACityDatabaseError

GRACE_S = 10
"""Requests under way at SIGTERM may take so long."""


def main() -> int:
    try:
        settings = load_settings()
        _check_geoip(settings)
    except SettingsError as error:
        print(f"lookup_service: {error}", file=sys.stderr)
        return 2
    logs.configure(settings.log_level)
    # uvicorn raises the signal again after its graceful shutdown: that is a normal end.
    signal.signal(signal.SIGTERM, _exit_normally)
    signal.signal(signal.SIGINT, _exit_normally)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_S,
    )
    return 0


def _check_geoip(settings: Settings) -> None:
    if settings.geoip_city_path is None:
        return
    try:
        CityDatabase.open(settings.geoip_city_path).close()
    except NotACityDatabaseError as error:
        raise SettingsError(f"LOOKUP_GEOIP_CITY_PATH: {error}") from error


def _exit_normally(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
