"""Source for network keys: named address ranges (hosting providers, VPNs, reputation lists) from a text file.

Each line is ``CIDR list-name``; a comment begins with ``#``. Addresses are found by binary search.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from zlib import crc32

import msgspec

from contracts.lookup_api.lookups import LookupResult, Network
from lookup_service.sources.protocol import SourceState
from lookup_service.sources.public_address import public_address
from lookup_service.sources.results import SourceResults, lookup_in_slices
from lookup_service.sources.watched_file import UnusableFileError, WatchedFile

MAX_NAME_CHARACTERS = 64

Meaning = Literal["hosting", "vpn", "reputation"]
_FLAGS: Mapping[Meaning, Network] = MappingProxyType(
    {
        "hosting": Network(ip_is_hosting_provider=True),
        "vpn": Network(ip_is_anonymous=True, ip_is_anonymous_vpn=True),
    }
)
Range = tuple[IPv4Network | IPv6Network, str]


class RangeTable:
    """The most specific of overlapping ranges is used; for a range that is listed twice, the last line's name."""

    def __init__(self, ranges: Iterable[Range], *, version: str) -> None:
        self.version = version
        found = list(ranges)
        self.ranges = len(found)
        self._v4 = _Intervals((network, name) for network, name in found if network.version == 4)
        self._v6 = _Intervals((network, name) for network, name in found if network.version == 6)

    @classmethod
    def read(cls, path: Path) -> "RangeTable":
        """Raises OSError, or UnusableFileError with the number of the first malformed line."""
        content = path.read_bytes()
        try:
            lines = content.decode().splitlines()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise UnusableFileError(f"line {line}: not UTF-8") from error
        ranges = [_parse_line(number, line) for number, line in enumerate(lines, 1)]
        return cls((found for found in ranges if found is not None), version=f"ranges/{crc32(content):08x}")

    def find(self, address: IPv4Address | IPv6Address) -> str | None:
        """Name of the list that contains the address."""
        return (self._v4 if address.version == 4 else self._v6).find(int(address))


class _Intervals:
    """Nested ranges, flattened once into intervals that do not overlap, each with its most specific name."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        # Two CIDR ranges are disjoint or nested, so a stack of the enclosing ranges is enough.
        by_range = {(int(network[0]), int(network[-1])): name for network, name in ranges}
        self._starts: list[int] = []
        self._names: list[str | None] = []
        enclosing: list[tuple[int, str]] = []
        for (first, last), name in sorted(by_range.items(), key=lambda item: (item[0][0], -item[0][1])):
            self._close(enclosing, before=first)
            self._begin(first, name)
            enclosing.append((last, name))
        self._close(enclosing, before=None)

    def find(self, number: int) -> str | None:
        at = bisect_right(self._starts, number) - 1
        return self._names[at] if at >= 0 else None

    def _close(self, enclosing: list[tuple[int, str]], *, before: int | None) -> None:
        while enclosing and (before is None or enclosing[-1][0] < before):
            last, _ = enclosing.pop()
            self._begin(last + 1, enclosing[-1][1] if enclosing else None)

    def _begin(self, start: int, name: str | None) -> None:
        if self._starts and self._starts[-1] == start:
            self._names[-1] = name
        else:
            self._starts.append(start)
            self._names.append(name)


def _parse_line(number: int, line: str) -> Range | None:
    words = line.partition("#")[0].split()
    if not words:
        return None
    if len(words) != 2:
        raise UnusableFileError(f"line {number}: not a range and a list's name")
    text, name = words
    if len(name) > MAX_NAME_CHARACTERS:
        raise UnusableFileError(f"line {number}: the list's name is longer than {MAX_NAME_CHARACTERS} characters")
    try:
        return ip_network(text), name  # strict: host bits behind the prefix are a mistake in the file
    except ValueError as error:
        raise UnusableFileError(f"line {number}: not an address range in CIDR notation") from error


class AddressRangesOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    path: str
    meaning: Meaning
    """hosting: an address in the file gets ``ip_is_hosting_provider``; vpn: ``ip_is_anonymous`` and
    ``ip_is_anonymous_vpn``; the list's name is not used. reputation: the list's name becomes ``ip_reputation``."""
    name: str = ""
    """Default: the meaning and ``_ranges``."""


class AddressRanges:
    """One file of ranges with one meaning."""

    kind: Literal["network"] = "network"

    def __init__(self, name: str, meaning: Meaning, file: WatchedFile[RangeTable]) -> None:
        self.name = name
        self._meaning: Meaning = meaning
        self._file = file
        self._results = SourceResults("network", name, file.data.version)

    @property
    def data_version(self) -> str:
        return self._file.data.version

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        table = self._file.data
        results = self._results = self._results.for_version(table.version)
        return await lookup_in_slices(keys, results, partial(_lookup_one, table, self._meaning, results))

    async def check(self) -> SourceState:
        state = await self._file.check()
        return SourceState(state=state, data_version=self.data_version)

    async def close(self) -> None:
        await self._file.close()


def _lookup_one(table: RangeTable, meaning: Meaning, results: SourceResults, key: str) -> LookupResult:
    address = public_address(key)
    name = None if address is None else table.find(address)
    if name is None:
        return results.missing
    if meaning == "reputation":
        return results.for_value(Network(ip_reputation=name))
    return results.for_value(_FLAGS[meaning])


def open_address_ranges(options: AddressRangesOptions) -> AddressRanges:
    """Raises OSError, or UnusableFileError with the number of the malformed line."""
    name = options.name or f"{options.meaning}_ranges"
    return AddressRanges(name, options.meaning, WatchedFile(Path(options.path), RangeTable.read, name=name))
