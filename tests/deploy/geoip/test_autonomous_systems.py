"""Ranges of addresses become a MaxMind database, which is read back with MaxMind's own readers, in C and in Python."""

import csv
import shutil
import subprocess
import sys
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import maxminddb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.geoip import autonomous_systems, mmdb
from deploy.paths import PROJECT
from lookup_service.sources.mmdb.network import NetworkDatabase

VERSION = "2.3.2026061719"
V4 = """1.0.0.0,1.0.0.255,13335,"Cloudflare, Inc."
1.0.1.0,1.0.1.255,64500,Next "door" to it
1.0.4.1,1.0.6.2,38803,Not whole networks
1.0.6.3,1.0.6.3,4294967295,One address
9.0.0.0,9.1.255.255,1,Reaches into the next
9.1.0.0,9.2.255.255,2,Begins later
"""
V6 = """2001:db8::,2001:db8:0:ffff:ffff:ffff:ffff:ffff,13335,"Cloudflare, Inc."
2a00::1,2a00::ffff:0,7,São Paulo Telecomunicações
"""
Address = IPv4Address | IPv6Address
Row = tuple[Address, Address, int, str]
Answer = tuple[object, object] | None


def converted(folder: Path, v4: str = V4, v6: str = V6) -> Path:
    for name, content in zip(autonomous_systems.FILES, (v4, v6), strict=True):
        (folder / name).write_text(content, encoding="utf-8")
    target = folder / "asn.mmdb"
    autonomous_systems.convert(folder, target, version=VERSION)
    return target


def found(path: Path, addresses: Sequence[str | Address]) -> list[Answer]:
    """Number and organisation of each address, as both readers have it."""
    answers: list[list[Answer]] = []
    for mode in (maxminddb.MODE_MMAP_EXT, maxminddb.MODE_FILE):
        with maxminddb.open_database(path, mode) as database:
            records = [database.get(address) for address in addresses]
        answers.append([_answer(record) for record in records])
    assert answers[0] == answers[1]
    return answers[0]


def _answer(record: object) -> Answer:
    if record is None:
        return None
    assert isinstance(record, dict)
    assert record.keys() == {"autonomous_system_number", "autonomous_system_organization"}
    return record["autonomous_system_number"], record["autonomous_system_organization"]


def test_every_address_of_a_range_and_none_beside_it(tmp_path: Path) -> None:
    database = converted(tmp_path)
    cloudflare, next_door = (13335, "Cloudflare, Inc."), (64500, 'Next "door" to it')
    whole = (38803, "Not whole networks")
    expected = {
        "0.255.255.255": None, "1.0.0.0": cloudflare, "1.0.0.255": cloudflare,
        "1.0.1.0": next_door, "1.0.1.255": next_door, "1.0.2.0": None,
        "1.0.4.0": None, "1.0.4.1": whole, "1.0.5.77": whole, "1.0.6.2": whole,
        "1.0.6.3": (4294967295, "One address"), "1.0.6.4": None,
        "2001:db7:ffff::": None, "2001:db8::": cloudflare, "2001:db8:0:ffff::": cloudflare, "2001:db8:1::": None,
        "2a00::": None, "2a00::1": (7, "São Paulo Telecomunicações"),
        "2a00::ffff:0": (7, "São Paulo Telecomunicações"), "2a00::ffff:1": None,
    }  # fmt: skip
    assert dict(zip(expected, found(database, list(expected)), strict=True)) == expected


def test_of_two_ranges_that_overlap_the_later_one_counts_from_its_beginning(tmp_path: Path) -> None:
    numbers = [each and each[0] for each in found(converted(tmp_path), ["9.0.255.255", "9.1.0.0", "9.2.255.255"])]
    assert numbers == [1, 2, 2]


def test_the_lookup_service_takes_it_and_its_version_is_the_packages(tmp_path: Path) -> None:
    database = NetworkDatabase(converted(tmp_path), "ASN")
    assert database.version == "ip-location-db-ASN/2026-06-17T19:00:00Z"
    network = database.read(ip_address("1.0.0.9"))
    assert network is not None
    assert (network.as_number, network.as_organization_name) == (13335, "Cloudflare, Inc.")
    database.close()


def test_equal_data_makes_equal_bytes_and_an_organisation_is_kept_once(tmp_path: Path) -> None:
    database = converted(tmp_path)
    content = database.read_bytes()
    assert content.count(b"Cloudflare, Inc.") == 1
    assert converted(tmp_path).read_bytes() == content


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("1.0.0.0,1.0.0.255,13335", "asn-ipv4.csv, row 2: not enough values"),
        ("1.0.0,1.0.0.255,13335,x", "asn-ipv4.csv, row 2: '1.0.0' does not appear"),
        ("1.0.0.0,1.0.0.255,AS13335,x", "asn-ipv4.csv, row 2: invalid literal"),
        ("0.0.1.0,0.0.1.255,13335,x", "not sorted"),
    ],
)
def test_a_malformed_file_is_an_error(tmp_path: Path, row: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        converted(tmp_path, f"1.0.0.0,1.0.0.255,1,x\n{row}\n")


@pytest.mark.parametrize("length", [0, 28, 29, 284, 285, 65_820])
def test_texts_of_every_size_class(tmp_path: Path, length: int) -> None:
    (answer,) = found(converted(tmp_path, f"1.0.0.0,1.0.0.255,1,{'x' * length}\n"), ["1.0.0.1"])
    assert answer == (1, "x" * length)


def rows(kind: type[Address], bits: int) -> st.SearchStrategy[list[Row]]:
    """Ranges that do not overlap and often touch, because the numbers are small or close to the end."""
    near = st.integers(0, 40) | st.integers(2**bits - 40, 2**bits - 1) | st.integers(0, 2**bits - 1)
    edges = st.lists(near, min_size=2, max_size=20, unique=True).map(sorted)
    return edges.map(
        lambda found: [
            (kind(first), kind(last - 1), number, f"of {number % 3}")
            for number, (first, last) in enumerate(pairwise(found))
            if number % 4 != 3  # and gaps
        ]
    )


@given(
    v4=rows(IPv4Address, 32),
    v6=rows(IPv6Address, 128).map(lambda found: [row for row in found if int(row[0]) > 2**33]),
    others=st.lists(st.ip_addresses(), max_size=10),
)
def test_a_look_up_equals_a_search_of_the_rows(v4: list[Row], v6: list[Row], others: list[Address]) -> None:
    edges = [ip_address(edge) for row in v4 + v6 for edge in row[:2]]
    addresses = [each for each in edges + others if each.version == 4 or int(each) > 2**33]
    expected = [
        next(
            (row[2:] for row in v4 + v6 if row[0].version == each.version and int(row[0]) <= int(each) <= int(row[1])),
            None,
        )
        for each in addresses
    ]
    with TemporaryDirectory() as folder:
        database = converted(Path(folder), *(_csv(Path(folder) / "rows", each) for each in (v4, v6)))
        assert found(database, addresses) == expected


def _csv(scratch: Path, rows: list[Row]) -> str:
    with scratch.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return scratch.read_text()


@pytest.mark.servers
def test_the_image_needs_the_copied_files_and_no_package(tmp_path: Path) -> None:
    expected = converted(tmp_path).read_bytes()
    copied = tmp_path / "deploy" / "geoip"
    copied.mkdir(parents=True)
    for module in Path(mmdb.__file__).parent.glob("*.py"):
        shutil.copy(module, copied)
    command = next(
        line.removeprefix("RUN python ").split()
        for line in (PROJECT / "deploy" / "geoip" / "Dockerfile").read_text().splitlines()
        if line.startswith("RUN python ")
    )
    assert command[-1] == "${ASN_PACKAGE##*@}"
    (tmp_path / "package").symlink_to(tmp_path)
    subprocess.run([sys.executable, "-S", *command[:-1], VERSION], cwd=tmp_path, check=True)
    assert (tmp_path / "asn.mmdb").read_bytes() == expected
