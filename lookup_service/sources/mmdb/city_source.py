"""ip keys from a GeoIP City database, or another edition that says where addresses are."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec

from contracts.lookup_api.lookups import LookupResult
from lookup_service.sources.mmdb.city_database import CityDatabase
from lookup_service.sources.mmdb.file import DamagedRecordError
from lookup_service.sources.protocol import SourceState
from lookup_service.sources.results import SourceResults, in_turns
from lookup_service.sources.watched_file import WatchedFile


class CityOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    path: Path
    name: str = "geoip"


class CitySource:
    kind: Literal["ip"] = "ip"

    def __init__(self, name: str, file: WatchedFile[CityDatabase]) -> None:
        self.name = name
        self.file = file
        self._answers = SourceResults("ip", name, file.data.version)

    @property
    def data_version(self) -> str:
        return self.file.data.version

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        database = self.file.data
        answers = self._answers = self._answers.at(database.version)
        return await in_turns(keys, answers, partial(_answer, database, answers))

    async def check(self) -> SourceState:
        state = await self.file.check()
        return SourceState(state=state, data_version=self.data_version)

    async def close(self) -> None:
        await self.file.close()


def _answer(database: CityDatabase, answers: SourceResults, key: str) -> LookupResult:
    try:
        return answers.of(database.read(key))
    except DamagedRecordError:
        return answers.refused("a damaged record")


def open_city(options: CityOptions) -> CitySource:
    """Raises OSError or UnusableFileError."""
    return CitySource(options.name, WatchedFile(options.path, CityDatabase.open, name=options.name))
