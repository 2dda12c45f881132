"""network keys from MaxMind's ASN and Anonymous-IP databases; either may be absent."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec

from contracts.lookup_api.lookups import LookupResult, Network
from lookup_service.sources.mmdb.city_database import public_address
from lookup_service.sources.mmdb.network_database import DamagedRecordError, DatabaseType, NetworkDatabase
from lookup_service.sources.protocol import SourceState
from lookup_service.sources.results import SourceResults, in_turns
from lookup_service.sources.watched_file import WatchedFile


class MmdbNetworkOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = "mmdb_network"
    asn_path: str | None = None
    anonymous_ip_path: str | None = None


class MmdbNetwork:
    """With neither file every key is an error, and ``check`` says that it is not configured."""

    kind: Literal["network"] = "network"

    def __init__(self, name: str, files: Sequence[WatchedFile[NetworkDatabase]]) -> None:
        """Where two files have the same field, the first one's counts."""
        self.name = name
        self._files = files
        self._answers = SourceResults("network", name, self.data_version)

    @property
    def data_version(self) -> str | None:
        return "+".join(file.data.version for file in self._files) or None

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        databases = [file.data for file in self._files]  # for the whole batch, whatever is replaced meanwhile
        answers = self._answers = self._answers.at("+".join(database.version for database in databases) or None)
        if not databases:
            return [answers.error] * len(keys)
        return await in_turns(keys, answers, partial(_answer, databases, answers))

    async def check(self) -> SourceState:
        states = [await file.check() for file in self._files]
        if not states:
            return SourceState(state="not_configured")
        worst = next((state for state in states if state != "ok"), states[0])
        return SourceState(state=worst, data_version=self.data_version)

    async def close(self) -> None:
        for file in self._files:
            await file.close()


def _answer(databases: Sequence[NetworkDatabase], answers: SourceResults, key: str) -> LookupResult:
    address = public_address(key)
    if address is None:
        return answers.missing
    found, is_damaged = [], False
    for database in databases:
        try:
            network = database.read(address)
        except DamagedRecordError:  # of the one file: the other may know something
            is_damaged = True
            continue
        if network is not None:
            found.append(network)
    if is_damaged and not found:
        return answers.refused("a damaged record")
    return answers.of(_united(found))


def _united(networks: Sequence[Network]) -> Network | None:
    fields: dict[str, object] = {}
    for network in reversed(networks):
        fields |= msgspec.to_builtins(network)
    return Network(**fields) if fields else None  # type: ignore[arg-type]  # fields of the same type


def open_mmdb_network(options: MmdbNetworkOptions) -> MmdbNetwork:
    """Raises OSError or UnusableFileError for a file that is named and cannot be used."""
    named: tuple[tuple[str | None, DatabaseType], ...] = (
        (options.asn_path, "ASN"),
        (options.anonymous_ip_path, "Anonymous-IP"),
    )
    return MmdbNetwork(
        options.name,
        [
            WatchedFile(Path(path), partial(NetworkDatabase, database_type=database_type), name=options.name)
            for path, database_type in named
            if path is not None
        ],
    )
