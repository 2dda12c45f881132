"""Source for network keys: the autonomous system and the anonymity flags of an address, from two MaxMind databases.

ASN and ISP editions name the autonomous system at the top of a record, the Enterprise edition under ``traits``.
Anonymous-IP and Anonymous-Plus have the same flags. Either file may be left out.
"""

from collections.abc import Sequence
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.lookup_api.lookups import LookupResult, Network
from lookup_service.sources.mmdb.file import DamagedRecordError, MmdbFile
from lookup_service.sources.protocol import SourceState
from lookup_service.sources.public_address import public_address
from lookup_service.sources.results import SourceResults, lookup_in_slices
from lookup_service.sources.watched_file import WatchedFile

DatabaseType = Literal["ASN", "Anonymous-IP"]
"""The fields that are read from the file, named by the edition that has only those."""


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
        """A flag that is not set becomes None, so that another source can still set it when results are merged."""
        return Network(
            ip_is_anonymous=self.is_anonymous or None,
            ip_is_anonymous_vpn=self.is_anonymous_vpn or None,
            ip_is_hosting_provider=self.is_hosting_provider or None,
            ip_is_public_proxy=self.is_public_proxy or None,
            ip_is_residential_proxy=self.is_residential_proxy or None,
            ip_is_tor_exit_node=self.is_tor_exit_node or None,
        )


_RECORDS: dict[DatabaseType, type[AsnRecord | AnonymousRecord]] = {"ASN": AsnRecord, "Anonymous-IP": AnonymousRecord}
_EMPTY = Network()


class NetworkDatabase:
    def __init__(self, path: Path, database_type: DatabaseType) -> None:
        """Raises OSError, or UnusableFileError for a damaged database or one of another type."""
        self._file: MmdbFile[AsnRecord | AnonymousRecord] = MmdbFile(
            path,
            _RECORDS[database_type],
            has_data=lambda record: record.network() != _EMPTY,
            expected=f"an {database_type}",
        )
        self.version = self._file.version

    def read(self, address: IPv4Address | IPv6Address) -> Network | None:
        """None where the file has no data for the address. Raises DamagedRecordError."""
        record = self._file.get(address)
        if record is None:
            return None
        network = record.network()
        return None if network == _EMPTY else network

    def close(self) -> None:
        self._file.close()


class MmdbNetworkOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "mmdb_network"
    asn_path: str | None = None
    anonymous_ip_path: str | None = None


class MmdbNetwork:
    """Without any file every key is an error, and ``check`` reports ``not_configured``."""

    kind: Literal["network"] = "network"

    def __init__(self, name: str, files: Sequence[WatchedFile[NetworkDatabase]]) -> None:
        """Where two files have the same field, the value of the first file is used."""
        self.name = name
        self._files = files
        self._results = SourceResults("network", name, self.data_version)

    @property
    def data_version(self) -> str | None:
        return "+".join(file.data.version for file in self._files) or None

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        databases = [file.data for file in self._files]  # one build for the whole batch, even if a file is replaced
        results = self._results = self._results.for_version("+".join(each.version for each in databases) or None)
        if not databases:
            return [results.error] * len(keys)
        return await lookup_in_slices(keys, results, partial(_lookup_one, databases, results))

    async def check(self) -> SourceState:
        states = [await file.check() for file in self._files]
        if not states:
            return SourceState(state="not_configured")
        worst = next((state for state in states if state != "ok"), states[0])
        return SourceState(state=worst, data_version=self.data_version)

    async def close(self) -> None:
        for file in self._files:
            await file.close()


def _lookup_one(databases: Sequence[NetworkDatabase], results: SourceResults, key: str) -> LookupResult:
    address = public_address(key)
    if address is None:
        return results.missing
    found, is_damaged = [], False
    for database in databases:
        try:
            network = database.read(address)
        except DamagedRecordError:  # the other file may still have data for the address
            is_damaged = True
            continue
        if network is not None:
            found.append(network)
    if is_damaged and not found:
        return results.record_error("a damaged record")
    return results.for_value(_merged(found))


def _merged(networks: Sequence[Network]) -> Network | None:
    fields: dict[str, object] = {}
    for network in reversed(networks):
        fields |= msgspec.to_builtins(network)
    return Network(**fields) if fields else None  # type: ignore[arg-type]  # fields of the same type


def open_mmdb_network(options: MmdbNetworkOptions) -> MmdbNetwork:
    """Raises OSError or UnusableFileError for a configured file that cannot be used."""
    paths: tuple[tuple[str | None, DatabaseType], ...] = (
        (options.asn_path, "ASN"),
        (options.anonymous_ip_path, "Anonymous-IP"),
    )
    return MmdbNetwork(
        options.name,
        [
            WatchedFile(Path(path), partial(NetworkDatabase, database_type=database_type), name=options.name)
            for path, database_type in paths
            if path is not None
        ],
    )
