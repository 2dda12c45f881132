"""Source for ip keys: the location of an address, from a MaxMind database (City, Enterprise or Country edition)."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from contracts.lookup_api.lookups import Geo, LookupResult
from lookup_service.sources.mmdb.file import DamagedRecordError, MmdbFile
from lookup_service.sources.protocol import SourceState
from lookup_service.sources.public_address import public_address
from lookup_service.sources.results import SourceResults, lookup_in_slices
from lookup_service.sources.watched_file import WatchedFile


class _Names(msgspec.Struct, frozen=True):
    en: str | None = None


class _Place(msgspec.Struct, frozen=True):
    """A country, a subdivision or a city."""

    iso_code: str | None = None
    names: _Names = _Names()


class _Postal(msgspec.Struct, frozen=True):
    code: str | None = None


class _Location(msgspec.Struct, frozen=True):
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    time_zone: str | None = None


_NO_PLACE = _Place()
_EMPTY = Geo()


class CityRecord(msgspec.Struct, frozen=True):
    country: _Place = _NO_PLACE
    subdivisions: tuple[_Place, ...] = ()
    """The last one is the most specific."""
    city: _Place = _NO_PLACE
    postal: _Postal = _Postal()
    location: _Location = _Location()

    def geo(self) -> Geo:
        region = self.subdivisions[-1] if self.subdivisions else _NO_PLACE
        return Geo(
            geo_country=self.country.iso_code,
            geo_region=region.iso_code,
            geo_region_name=region.names.en,
            geo_city=self.city.names.en,
            geo_zipcode=self.postal.code,
            geo_latitude=self.location.latitude,
            geo_longitude=self.location.longitude,
            geo_timezone=self.location.time_zone,
        )


class CityDatabase:
    def __init__(self, file: MmdbFile[CityRecord]) -> None:
        self._file = file
        self.version = file.version

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises UnusableFileError, or OSError where the file is absent."""
        return cls(MmdbFile(path, CityRecord, has_data=lambda record: record.geo() != _EMPTY, expected="a City"))

    def read(self, text: str) -> Geo | None:
        """The location of the address; None where the file has none. Raises DamagedRecordError."""
        address = public_address(text)
        record = None if address is None else self._file.get(address)
        if record is None:
            return None
        geo = record.geo()
        return None if geo == _EMPTY else geo

    def close(self) -> None:
        self._file.close()


class CityOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    path: Path
    name: str = "geoip"


class CitySource:
    kind: Literal["ip"] = "ip"

    def __init__(self, name: str, file: WatchedFile[CityDatabase]) -> None:
        self.name = name
        self.file = file
        self._results = SourceResults("ip", name, file.data.version)

    @property
    def data_version(self) -> str:
        return self.file.data.version

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        database = self.file.data
        results = self._results = self._results.for_version(database.version)
        return await lookup_in_slices(keys, results, partial(_lookup_one, database, results))

    async def check(self) -> SourceState:
        state = await self.file.check()
        return SourceState(state=state, data_version=self.data_version)

    async def close(self) -> None:
        await self.file.close()


def _lookup_one(database: CityDatabase, results: SourceResults, key: str) -> LookupResult:
    try:
        return results.for_value(database.read(key))
    except DamagedRecordError:
        return results.record_error("a damaged record")


def open_city(options: CityOptions) -> CitySource:
    """Raises OSError or UnusableFileError."""
    return CitySource(options.name, WatchedFile(options.path, CityDatabase.open, name=options.name))
