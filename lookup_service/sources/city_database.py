"""A GeoIP City database file, and one address read from it."""

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Self

import geoip2.database
from geoip2.errors import AddressNotFoundError
from maxminddb import InvalidDatabaseError

from contracts.lookup import Geo
from lookup_service.sources.watched_file import UnusableFileError


def public_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address to look up, an IPv4-mapped one as IPv4; None where it is malformed or not a public one."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address if address.is_global else None


class CityDatabase:
    def __init__(self, reader: geoip2.database.Reader) -> None:
        self._reader = reader
        metadata = reader.metadata()
        built = datetime.fromtimestamp(metadata.build_epoch, UTC)
        self.version = f"{metadata.database_type}/{built:%Y-%m-%dT%H:%M:%SZ}"
        """Type and build time, such as ``GeoLite2-City/2026-09-01T06:00:00Z``."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises UnusableFileError, or OSError where there is no file."""
        try:
            reader = geoip2.database.Reader(path)
        except (ValueError, InvalidDatabaseError) as error:
            raise UnusableFileError("not a readable MaxMind database") from error
        database_type = reader.metadata().database_type
        if "City" not in database_type:
            reader.close()
            raise UnusableFileError(f"a {database_type} database, not a City one")
        return cls(reader)

    def read(self, text: str) -> Geo | None:
        """Where the address is, None where nothing is known. Raises InvalidDatabaseError for a corrupt record."""
        address = public_address(text)
        if address is None:
            return None
        try:
            city = self._reader.city(address)
        except (AddressNotFoundError, ValueError):  # ValueError: an IPv6 address and an IPv4-only database
            return None
        region = city.subdivisions.most_specific
        geo = Geo(
            geo_country=city.country.iso_code,
            geo_region=region.iso_code,
            geo_region_name=region.name,
            geo_city=city.city.name,
            geo_zipcode=city.postal.code,
            geo_latitude=city.location.latitude,
            geo_longitude=city.location.longitude,
            geo_timezone=city.location.time_zone,
        )
        return None if geo == _NOTHING else geo

    def close(self) -> None:
        self._reader.close()


_NOTHING = Geo()
