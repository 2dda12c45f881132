"""The database of autonomous systems, from the CSV files of the npm package ``@ip-location-db/asn``.

The package is made from data by RouteViews, DB-IP and the NRO (CC BY 4.0). The records have the keys of GeoLite2 ASN.
"""

import csv
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from deploy.geoip.mmdb import AddressRange, Kind, mapping, number, pointer, text, write

NAME = "ip-location-db-ASN"
ABOUT = "Autonomous systems, by RouteViews (routeviews.org), DB-IP (db-ip.com) and the NRO (nro.net), CC BY 4.0"
FILES = ("asn-ipv4.csv", "asn-ipv6.csv")
"""In the order of their addresses in the database."""
_KEYS = ("autonomous_system_number", "autonomous_system_organization")


def convert(folder: Path, target: Path, *, version: str) -> None:
    """Write the database of the package's files in ``folder``. ``version`` is the package's and ends with the hour when
    it was made, as in ``2.3.2026061719``.

    Equal files give an equal database. Raises OSError, or ValueError with the file and number of a malformed row.
    """
    built = int(datetime.strptime(version.rpartition(".")[2], "%Y%m%d%H").replace(tzinfo=UTC).timestamp())
    records = _Records()
    rows = [row for name in FILES for row in _rows(folder / name, records)]
    write(target, _without_overlaps(rows), bytes(records.section), name=NAME, about=ABOUT, built=built)


class _Records:
    """The data section: the keys once, then each pair of number and name once."""

    def __init__(self) -> None:
        self.section = bytearray()
        self._keys = [pointer(self._append(text(key))) for key in _KEYS]
        self._places: dict[tuple[str, str], int] = {}

    def place(self, system: str, organization: str) -> int:
        found = self._places.get((system, organization))
        if found is None:
            values = (number(Kind.UINT32, int(system)), text(organization))
            found = self._append(mapping(zip(self._keys, values, strict=True)))
            self._places[system, organization] = found
        return found

    def _append(self, content: bytes) -> int:
        at = len(self.section)
        self.section += content
        return at


def _rows(path: Path, records: _Records) -> Iterator[AddressRange]:
    """Each row is first address, last address, number, organisation; there is no heading."""
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.reader(file, strict=True), 1):
            try:
                first, last, system, organization = row
                yield AddressRange(int(ip_address(first)), int(ip_address(last)), records.place(system, organization))
            except (ValueError, OverflowError) as error:
                raise ValueError(f"{path.name}, row {line}: {error}") from error


def _without_overlaps(rows: Iterable[AddressRange]) -> Iterator[AddressRange]:
    """Where two ranges overlap (one pair of 515,000 does), the one that begins later counts from there on."""
    before: AddressRange | None = None
    for row in rows:
        if before is not None:
            if row.first < before.first:
                raise ValueError("the ranges are not sorted")
            yield before._replace(last=min(before.last, row.first - 1))
        before = row
    if before is not None:
        yield before


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]), version=sys.argv[3])
