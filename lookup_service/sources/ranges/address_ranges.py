"""network keys from a file of named address ranges: hosting providers' or reputation lists'."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec

from contracts.lookup_api.lookups import LookupResult, Network
from lookup_service.sources.mmdb.city_database import public_address
from lookup_service.sources.protocol import SourceState
from lookup_service.sources.ranges.range_table import RangeTable
from lookup_service.sources.results import SourceResults, in_turns
from lookup_service.sources.watched_file import WatchedFile

Meaning = Literal["hosting", "reputation"]


class AddressRangesOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    path: str
    meaning: Meaning
    """hosting: ``ip_is_hosting_provider``, and the names are for people only; reputation: the name is
    ``ip_reputation``."""
    name: str = ""
    """Default: the meaning and ``_ranges``."""


class AddressRanges:
    """One file of ranges with one meaning."""

    kind: Literal["network"] = "network"

    def __init__(self, name: str, meaning: Meaning, file: WatchedFile[RangeTable]) -> None:
        self.name = name
        self._meaning: Meaning = meaning
        self._file = file
        self._answers = SourceResults("network", name, file.data.version)

    @property
    def data_version(self) -> str:
        return self._file.data.version

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        table = self._file.data
        answers = self._answers = self._answers.at(table.version)
        return await in_turns(keys, answers, partial(_answer, table, self._meaning, answers))

    async def check(self) -> SourceState:
        state = await self._file.check()
        return SourceState(state=state, data_version=self.data_version)

    async def close(self) -> None:
        await self._file.close()


def _answer(table: RangeTable, meaning: Meaning, answers: SourceResults, key: str) -> LookupResult:
    address = public_address(key)
    name = None if address is None else table.find(address)
    if name is None:
        return answers.missing
    return answers.of(Network(ip_is_hosting_provider=True) if meaning == "hosting" else Network(ip_reputation=name))


def open_address_ranges(options: AddressRangesOptions) -> AddressRanges:
    """Raises OSError, or UnusableFileError with the number of the line at fault."""
    name = options.name or f"{options.meaning}_ranges"
    return AddressRanges(name, options.meaning, WatchedFile(Path(options.path), RangeTable.read, name=name))
