"""Named address ranges: a text file of ``CIDR list-name`` lines, searched by halving."""

from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from zlib import crc32

from lookup_service.sources.watched_file import UnusableFileError

MOST_NAME_CHARACTERS = 64

Range = tuple[IPv4Network | IPv6Network, str]


class RangeTable:
    """Ranges that overlap: the most specific one counts; of the same range twice, the last line's name."""

    def __init__(self, ranges: Iterable[Range], *, version: str) -> None:
        self.version = version
        found = list(ranges)
        self.ranges = len(found)
        self._v4 = _Intervals((network, name) for network, name in found if network.version == 4)
        self._v6 = _Intervals((network, name) for network, name in found if network.version == 6)

    @classmethod
    def read(cls, path: Path) -> "RangeTable":
        """Comments begin with ``#``. Raises OSError, or UnusableFileError that names the first bad line's number."""
        content = path.read_bytes()
        try:
            lines = content.decode().splitlines()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise UnusableFileError(f"line {line}: not UTF-8") from error
        ranges = [_range(number, line) for number, line in enumerate(lines, 1)]
        return cls((found for found in ranges if found is not None), version=f"ranges/{crc32(content):08x}")

    def find(self, address: IPv4Address | IPv6Address) -> str | None:
        """Name of the list that the address is on."""
        return (self._v4 if address.version == 4 else self._v6).find(int(address))


class _Intervals:
    """Nested ranges flattened once into intervals that do not overlap, each with its most specific name."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        # CIDR ranges are either apart or one inside the other, so a stack of the open ones is enough.
        by_range = {(int(network[0]), int(network[-1])): name for network, name in ranges}
        self._starts: list[int] = []
        self._names: list[str | None] = []
        open_ranges: list[tuple[int, str]] = []
        for (first, last), name in sorted(by_range.items(), key=lambda item: (item[0][0], -item[0][1])):
            self._close(open_ranges, before=first)
            self._begin(first, name)
            open_ranges.append((last, name))
        self._close(open_ranges, before=None)

    def find(self, number: int) -> str | None:
        at = bisect_right(self._starts, number) - 1
        return self._names[at] if at >= 0 else None

    def _close(self, open_ranges: list[tuple[int, str]], *, before: int | None) -> None:
        while open_ranges and (before is None or open_ranges[-1][0] < before):
            last, _ = open_ranges.pop()
            self._begin(last + 1, open_ranges[-1][1] if open_ranges else None)

    def _begin(self, start: int, name: str | None) -> None:
        if self._starts and self._starts[-1] == start:
            self._names[-1] = name
        else:
            self._starts.append(start)
            self._names.append(name)


def _range(number: int, line: str) -> Range | None:
    words = line.partition("#")[0].split()
    if not words:
        return None
    if len(words) != 2:
        raise UnusableFileError(f"line {number}: not a range and a list's name")
    text, name = words
    if len(name) > MOST_NAME_CHARACTERS:
        raise UnusableFileError(f"line {number}: the list's name is too long")
    try:
        return ip_network(text), name  # strict: a range with bits behind its prefix is a slip of somebody's
    except ValueError as error:
        raise UnusableFileError(f"line {number}: not a range of addresses") from error
