"""A MaxMind database of networks (ASN or Anonymous-IP), read into the contract's fields."""

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Literal

import maxminddb
import msgspec
from maxminddb import InvalidDatabaseError

from contracts.lookup import Network
from lookup_service.sources.watched_file import UnusableFileError

DatabaseType = Literal["ASN", "Anonymous-IP"]
PROBES = 256
"""Addresses, evenly spread, that are read from a new file: damage in the middle does not show on opening."""


class AsnRecord(msgspec.Struct):
    autonomous_system_number: int | None = None
    autonomous_system_organization: str | None = None

    def network(self) -> Network:
        return Network(
            as_number=self.autonomous_system_number, as_organization_name=self.autonomous_system_organization
        )


class AnonymousRecord(msgspec.Struct):
    is_anonymous: bool = False
    is_anonymous_vpn: bool = False
    is_hosting_provider: bool = False
    is_public_proxy: bool = False
    is_residential_proxy: bool = False
    is_tor_exit_node: bool = False

    def network(self) -> Network:
        """Flags only where they are set: one that is not leaves another source room to set it."""
        return Network(
            ip_is_anonymous=self.is_anonymous or None,
            ip_is_anonymous_vpn=self.is_anonymous_vpn or None,
            ip_is_hosting_provider=self.is_hosting_provider or None,
            ip_is_public_proxy=self.is_public_proxy or None,
            ip_is_residential_proxy=self.is_residential_proxy or None,
            ip_is_tor_exit_node=self.is_tor_exit_node or None,
        )


_RECORDS: dict[DatabaseType, type[AsnRecord | AnonymousRecord]] = {"ASN": AsnRecord, "Anonymous-IP": AnonymousRecord}


class DamagedRecordError(Exception):
    """What the file says of one address cannot be read."""


class NetworkDatabase:
    def __init__(self, path: Path, database_type: DatabaseType) -> None:
        """Raises OSError, or UnusableFileError for another or a damaged database."""
        try:
            self._reader = maxminddb.open_database(path)
        except (ValueError, InvalidDatabaseError) as error:
            raise UnusableFileError("not a readable MaxMind database") from error
        metadata = self._reader.metadata()
        if database_type not in metadata.database_type:
            raise UnusableFileError(f"a {metadata.database_type} database, not a {database_type} one")
        built = datetime.fromtimestamp(metadata.build_epoch, UTC)
        self.version = f"{metadata.database_type}/{built:%Y-%m-%dT%H:%M:%SZ}"
        self._has_ipv6 = metadata.ip_version == 6
        self._record_type = _RECORDS[database_type]
        try:
            for number in range(0, 2**32, 2**32 // PROBES):
                self.read(IPv4Address(number))
        except DamagedRecordError as error:
            raise UnusableFileError("a damaged MaxMind database") from error

    def read(self, address: IPv4Address | IPv6Address) -> Network | None:
        """None where the file has no record. Raises DamagedRecordError."""
        if address.version == 6 and not self._has_ipv6:
            return None
        try:
            record = self._reader.get(address)
            return None if record is None else msgspec.convert(record, self._record_type).network()
        except (ValueError, InvalidDatabaseError) as error:  # of the record's text or shape
            raise DamagedRecordError from error

    def close(self) -> None:
        self._reader.close()
