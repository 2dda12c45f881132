"""A MaxMind database of networks, read into the contract's fields: whose addresses are, or what they hide.

ASN and ISP databases name the autonomous system at the top of a record, Enterprise ones among its traits; Anonymous-IP
and Anonymous-Plus databases have the same flags.
"""

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.lookup_api.lookups import Network
from lookup_service.sources.mmdb.file import DamagedRecordError, MmdbFile

DatabaseType = Literal["ASN", "Anonymous-IP"]
"""What is wanted of it, called by the edition that has nothing else."""

__all__ = ["DamagedRecordError", "DatabaseType", "NetworkDatabase"]


class _System(msgspec.Struct, frozen=True):
    autonomous_system_number: Annotated[int, Meta(ge=0, le=4_294_967_295)] | None = None
    autonomous_system_organization: str | None = None


class AsnRecord(_System, frozen=True):
    traits: _System | None = None

    def network(self) -> Network:
        system: _System = self
        if self.traits is not None and self.autonomous_system_number is None:
            system = self.traits
        return Network(
            as_number=system.autonomous_system_number, as_organization_name=system.autonomous_system_organization
        )


class AnonymousRecord(msgspec.Struct, frozen=True):
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
_NOTHING = Network()


class NetworkDatabase:
    def __init__(self, path: Path, database_type: DatabaseType) -> None:
        """Raises OSError, or UnusableFileError for another or a damaged database."""
        self._file: MmdbFile[AsnRecord | AnonymousRecord] = MmdbFile(
            path,
            _RECORDS[database_type],
            tells=lambda record: record.network() != _NOTHING,
            wanted=f"an {database_type}",
        )
        self.version = self._file.version

    def read(self, address: IPv4Address | IPv6Address) -> Network | None:
        """None where the file has nothing on it. Raises DamagedRecordError."""
        record = self._file.get(address)
        if record is None:
            return None
        network = record.network()
        return None if network == _NOTHING else network

    def close(self) -> None:
        self._file.close()
