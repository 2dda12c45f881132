"""Writes a MaxMind database (https://maxmind.github.io/MaxMind-DB/, version 2.0) from sorted ranges of addresses.

``mmdb_writer`` takes any networks in any order, and more than a minute for half a million. Sorted ranges that do not
overlap need one pass, because each network shares the beginning of its path with the one before.
"""

import sys
from array import array
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

BITS = 128
"""Of an address in the tree; IPv4 is in ``::/96``, as the format wants it."""
_SEPARATOR = bytes(16)
_METADATA = b"\xab\xcd\xefMaxMind.com"


class Kind(IntEnum):
    """Types of the format that are written here."""

    POINTER = 1
    TEXT = 2
    UINT16 = 5
    UINT32 = 6
    MAP = 7
    UINT64 = 9
    ARRAY = 11


class AddressRange(NamedTuple):
    """``first`` and ``last`` address, both included, as numbers of :data:`BITS` bits; ``data`` is the record's place in
    the data section, in bytes.
    """

    first: int
    last: int
    data: int


def control(kind: Kind, size: int) -> bytes:
    """The bytes in front of a value: its type and its size (bytes, pairs or items), at most 65,820."""
    if size < 29:
        short, more = size, b""
    elif size < 285:
        short, more = 29, (size - 29).to_bytes(1, "big")
    else:
        short, more = 30, (size - 285).to_bytes(2, "big")
    if kind > Kind.MAP:
        return bytes((short, kind - 7)) + more
    return bytes((kind << 5 | short,)) + more


def text(value: str) -> bytes:
    content = value.encode()
    return control(Kind.TEXT, len(content)) + content


def number(kind: Kind, value: int) -> bytes:
    size = (value.bit_length() + 7) // 8
    return control(kind, size) + value.to_bytes(size, "big")


def pointer(place: int) -> bytes:
    """To a value in the first 2,048 bytes of the data section, such as a key of many maps."""
    return bytes((Kind.POINTER << 5 | place >> 8, place & 255))


def mapping(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """From encoded keys and values."""
    flat = [key + value for key, value in pairs]
    return control(Kind.MAP, len(flat)) + b"".join(flat)


def write(path: Path, ranges: Iterable[AddressRange], data: bytes, *, name: str, about: str, built: int) -> None:
    """Write the database ``name`` (its type), described in English by ``about``, built at ``built`` (s since 1970 UTC).

    ``data`` is the data section. The ranges are sorted and do not overlap.
    """
    nodes = _tree(ranges)
    count = len(nodes) // 2
    # In memory a record is the number of a node, 0 for nothing (no record leads back to the root), or -1 - its data.
    behind = count + len(_SEPARATOR)
    records = array("I", [node or count if node >= 0 else behind - 1 - node for node in nodes])
    if sys.byteorder == "little":
        records.byteswap()
    metadata = mapping(
        (text(key), value)
        for key, value in {
            "binary_format_major_version": number(Kind.UINT16, 2),
            "binary_format_minor_version": number(Kind.UINT16, 0),
            "build_epoch": number(Kind.UINT64, built),
            "database_type": text(name),
            "description": mapping([(text("en"), text(about))]),
            "ip_version": number(Kind.UINT16, 6),
            "languages": control(Kind.ARRAY, 0),
            "node_count": number(Kind.UINT32, count),
            "record_size": number(Kind.UINT16, 8 * records.itemsize),
        }.items()
    )
    with path.open("wb") as file:
        file.writelines((records.tobytes(), _SEPARATOR, data, _METADATA, metadata))


def _tree(ranges: Iterable[AddressRange]) -> "array[int]":
    """Two records for each node: where a 0 leads to, and where a 1."""
    nodes = array("q", (0, 0))
    path = [0]
    """The nodes from the root to the one that has the network before; its n-th node stands for n bits."""
    before = 0
    for first, last, data in ranges:
        while first <= last:
            # The largest network that begins here and does not go beyond the last address.
            size = min(first & -first or 1 << BITS - 1, 1 << (last - first + 1).bit_length() - 1, 1 << BITS - 1)
            length = BITS + 1 - size.bit_length()
            del path[BITS + 1 - (before ^ first).bit_length() :]
            for level in range(len(path) - 1, length - 1):
                nodes[2 * path[-1] + (first >> BITS - 1 - level & 1)] = node = len(nodes) // 2
                nodes.extend((0, 0))
                path.append(node)
            nodes[2 * path[-1] + (first >> BITS - length & 1)] = -1 - data
            before = first
            first += size  # noqa: PLW2901 - what is left of the range
    return nodes
