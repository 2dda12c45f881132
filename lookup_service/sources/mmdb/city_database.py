"""Where addresses are, from a database of any edition that says so: City, Enterprise, Country."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from common.addresses import is_public
from contracts.lookup_api.lookups import Geo
from lookup_service.sources.mmdb.file import MmdbFile


def public_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address to look up, an IPv4-mapped one as IPv4; None where it is malformed or not a public one."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address if is_public(address) else None


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


class CityRecord(msgspec.Struct, frozen=True):
    country: _Place = _Place()
    subdivisions: tuple[_Place, ...] = ()
    """The most specific one is the last."""
    city: _Place = _Place()
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


_NO_PLACE = _Place()
_NOTHING = Geo()


class CityDatabase:
    def __init__(self, file: MmdbFile[CityRecord]) -> None:
        self._file = file
        self.version = file.version

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises UnusableFileError, or OSError where there is no file."""
        return cls(MmdbFile(path, CityRecord, tells=lambda record: record.geo() != _NOTHING, wanted="a City"))

    def read(self, text: str) -> Geo | None:
        """Where the address is, None where nothing is known. Raises DamagedRecordError."""
        address = public_address(text)
        record = None if address is None else self._file.get(address)
        if record is None:
            return None
        geo = record.geo()
        return None if geo == _NOTHING else geo

    def close(self) -> None:
        self._file.close()
