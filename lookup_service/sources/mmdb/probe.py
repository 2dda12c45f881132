"""Checks a MaxMind database for damage before it is taken into use.

Opening a database reads only its last few hundred bytes. A small database is therefore read completely. Of a large one
(the city database has six million nodes, more than a minute of reading) the first record of every /16 of IPv4 and every
/28 of IPv6 is read, in about a second. The file is also searched for runs of zeros: a hole in a file reads as zeros,
and the format decodes zeros as empty records.
"""

import mmap
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import NamedTuple

from maxminddb import Reader

HOLE = bytes(64)
"""No valid database has 64 zeros in a row: numbers have no leading zeros, and no tree node points back to the root."""
MAX_FULL_SCAN_NODES = 200_000
"""A search tree of at most this many nodes is read completely."""
READS_PER_SLICE = 64
"""Reads (half a millisecond) after which the thread releases the interpreter's lock."""


class _Space(NamedTuple):
    address: Callable[[int], IPv4Address | IPv6Address]
    bits: int
    first: int
    end: int
    stride: int


_V4 = _Space(IPv4Address, 32, 0, 1 << 32, 1 << 16)
_V6 = _Space(IPv6Address, 128, 0, 1 << 128, 1)
"""Includes IPv4 in a database that has both."""
_ROUTED_V6 = _Space(IPv6Address, 128, 0x2000 << 112, 0x4000 << 112, 1 << 100)


def has_hole(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, 2) < len(HOLE):
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(HOLE) >= 0


def sample_records(reader: Reader) -> Iterator[object]:
    """Records from every part of the database. Raises ValueError or InvalidDatabaseError for an unreadable one."""
    metadata = reader.metadata()
    is_small = metadata.node_count <= MAX_FULL_SCAN_NODES
    if metadata.ip_version == 6:
        spaces = (_V6,) if is_small else (_V4, _ROUTED_V6)
    else:
        spaces = (_V4._replace(stride=1),) if is_small else (_V4,)
    for space in spaces:
        yield from _records(reader, space)


def _records(reader: Reader, space: _Space) -> Iterator[object]:
    at, reads = space.first, 0
    while at < space.end:
        record, prefix = reader.get_with_prefix_len(space.address(at))
        if record is not None:
            yield record
        network = 1 << (space.bits - min(max(prefix, 0), space.bits))
        after = (at // network + 1) * network
        at = after if record is None else max(after, (at // space.stride + 1) * space.stride)
        reads += 1
        if reads % READS_PER_SLICE == 0:
            time.sleep(0)
