"""ip keys from a GeoIP City database."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from maxminddb import InvalidDatabaseError

from contracts.lookup import LookupResult
from lookup_service.sources.city_database import CityDatabase
from lookup_service.sources.protocol import SourceState
from lookup_service.sources.watched_file import WatchedFile

READS_PER_TURN = 64
"""So many addresses are read from the file (tens of microseconds each) before other requests get a turn."""


class CityOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    path: Path
    name: str = "geoip"


class CitySource:
    kind: Literal["ip"] = "ip"

    def __init__(self, file: WatchedFile[CityDatabase], *, name: str) -> None:
        self.name = name
        self.file = file
        self._encode = msgspec.json.Encoder().encode

    @property
    def data_version(self) -> str:
        return self.file.data.version

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        database = self.file.data
        results = []
        for reads, key in enumerate(keys, 1):
            results.append(self._read(database, key))
            if reads % READS_PER_TURN == 0:
                await asyncio.sleep(0)
        return results

    async def check(self) -> SourceState:
        state = await self.file.check()
        return SourceState(state=state, data_version=self.file.data.version)

    async def close(self) -> None:
        await self.file.close()

    def _read(self, database: CityDatabase, key: str) -> LookupResult:
        try:
            geo = database.read(key)
        except InvalidDatabaseError:
            return LookupResult(status="error", source=self.name, data_version=database.version)
        if geo is None:
            return LookupResult(status="missing", source=self.name, data_version=database.version, age_ms=0)
        value = msgspec.Raw(self._encode(geo))
        return LookupResult(status="ok", value=value, source=self.name, data_version=database.version, age_ms=0)


def open_city(options: CityOptions) -> CitySource:
    """Raises OSError or UnusableFileError."""
    return CitySource(WatchedFile(options.path, CityDatabase.open, name=options.name), name=options.name)
