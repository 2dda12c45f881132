"""ip keys from a GeoIP City database, through a cache of encoded answers."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import structlog
from maxminddb import InvalidDatabaseError

from contracts.lookup import LookupResult
from lookup_service.sources.city_database import CityDatabase, NotACityDatabaseError
from lookup_service.sources.protocol import SourceState
from lookup_service.ttl_cache import TtlCache

READS_PER_TURN = 64
"""So many addresses are read from the file (tens of microseconds each) before other requests get a turn."""

log = structlog.get_logger(__name__)


class GeoipSource:
    """``age_ms`` of a result is the time since the address was read from the file."""

    kind: Literal["ip"] = "ip"
    name = "geoip"

    def __init__(
        self, path: Path, *, cache_entries: int, cache_ttl_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Open the file. Raises NotACityDatabaseError, or OSError where there is none."""
        self._path = path
        self._clock = clock
        self._cache: TtlCache[msgspec.Raw | None] = TtlCache(max_entries=cache_entries, ttl_s=cache_ttl_s)
        self._cache_ttl_s = cache_ttl_s
        self._encode = msgspec.json.Encoder().encode
        self._open()

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        now = self._clock()
        if now >= self._look_again_at:
            self._reopen_if_replaced()
        results = []
        reads = 0
        for key in keys:
            entry = self._cache.get(key, now)
            if entry is not None:
                results.append(self._result(entry[0], age_ms=int((now - entry[1]) * 1000)))
                continue
            results.append(self._read(key, now))
            reads += 1
            if reads % READS_PER_TURN == 0:
                await asyncio.sleep(0)
        return results

    async def check(self) -> SourceState:
        return SourceState(state="ok", data_version=self._database.version)

    def close(self) -> None:
        self._database.close()

    def _read(self, key: str, now: float) -> LookupResult:
        try:
            geo = self._database.read(key)
        except InvalidDatabaseError:
            return LookupResult(status="error", source=self.name, data_version=self._version)
        value = None if geo is None else msgspec.Raw(self._encode(geo))
        self._cache.put(key, value, now)
        return self._result(value, age_ms=0)

    def _result(self, value: msgspec.Raw | None, *, age_ms: int) -> LookupResult:
        if value is None:
            return LookupResult(status="missing", source=self.name, data_version=self._version, age_ms=age_ms)
        return LookupResult(status="ok", value=value, source=self.name, data_version=self._version, age_ms=age_ms)

    def _open(self) -> None:
        file_id = _file_id(self._path)  # before opening: a file replaced in between is noticed the next time
        self._database = CityDatabase.open(self._path)
        self._file_id = file_id
        self._version = self._database.version
        self._look_again_at = self._clock() + self._cache_ttl_s

    def _reopen_if_replaced(self) -> None:
        """Keep the old database where the new file is absent or not readable yet."""
        self._look_again_at = self._clock() + self._cache_ttl_s
        old = self._database
        try:
            if _file_id(self._path) == self._file_id:
                return
            self._open()
        except (OSError, NotACityDatabaseError) as error:
            log.warning("geoip_not_reopened", error_type=type(error).__name__)
            return
        self._cache.clear()
        old.close()
        log.info("geoip_reopened", data_version=self._version)


class NoGeoip:
    """Stands in where no City database is configured: every ip key is an error."""

    kind: Literal["ip"] = "ip"
    name = "none"

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        return [LookupResult(status="error", source=self.name)] * len(keys)

    async def check(self) -> SourceState:
        return SourceState(state="not_configured")


def _file_id(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
