"""Range files: the most specific range is used, malformed files are rejected by line, replaced ones are loaded."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from contracts.lookup_api.lookups import LookupResult
from lookup_service.sources.address_ranges import (
    AddressRanges,
    AddressRangesOptions,
    Meaning,
    Range,
    RangeTable,
    open_address_ranges,
)
from lookup_service.sources.watched_file import POLL_INTERVAL_S, UnusableFileError, WatchedFile
from tests.lookup_service.lookup_harness import statuses, value_of
from tests.lookup_service.sources.test_watched_file import Clock, replace

pytestmark = pytest.mark.anyio
TEXT = """# reputation
1.0.0.0/8 wide
1.2.0.0/16 narrow   # inside
1.2.3.4 one

2a00::/16 six
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "ranges.txt").write_text(TEXT)
    return tmp_path / "ranges.txt"


def opened(path: Path, meaning: Meaning = "reputation") -> AddressRanges:
    return open_address_ranges(AddressRangesOptions(path=str(path), meaning=meaning))


def reputations(results: list[LookupResult]) -> list[object]:
    return [value_of(result).get("ip_reputation") if result.status == "ok" else result.status for result in results]


async def test_the_most_specific_range_is_used(path: Path) -> None:
    source = opened(path)
    keys = ["1.2.3.4", "1.2.3.5", "1.2.255.255", "1.3.0.0", "1.1.255.255", "2.0.0.0", "0.255.255.255"]
    expected = ["one", "narrow", "narrow", "wide", "wide", "missing", "missing"]
    assert reputations(await source.lookup(keys)) == expected
    assert reputations(await source.lookup(["2a00::1", "2a01::", "::ffff:1.2.3.4"])) == ["six", "missing", "one"]
    assert statuses(await source.lookup(["::1", "10.0.0.1", "1.2.3", ""])) == ["missing"] * 4


@pytest.mark.parametrize(
    ("meaning", "flags"), [("hosting", {"ip_is_hosting_provider"}), ("vpn", {"ip_is_anonymous", "ip_is_anonymous_vpn"})]
)
async def test_ranges_of_a_kind_of_network_set_its_flags_alone(path: Path, meaning: Meaning, flags: set[str]) -> None:
    source = opened(path, meaning)
    [found, _] = await source.lookup(["1.2.3.4", "9.9.9.9"])
    assert value_of(found) == dict.fromkeys(flags, True)
    assert source.name == f"{meaning}_ranges"


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"1.2.3.0/24 a\n1.2.3.4/24 b\n", 2), (b"x y\n", 1), (b"\n\n1.2.3.4\n", 3), (b"1.2.3.4 two words\n", 1),
     (b"1.2.3.0/33 a", 1), (b"# ok\n1.2.3.4 \xff", 2), (b"1.2.3.4 " + b"n" * 65, 1), (b"1.2.3.4-1.2.3.9 a", 1)],
)  # fmt: skip
def test_a_malformed_line_is_named(path: Path, content: bytes, line: int) -> None:
    path.write_bytes(content)
    with pytest.raises(UnusableFileError, match=f"^line {line}:"):
        opened(path)


async def test_a_replaced_file_is_used_and_a_malformed_one_rejected(path: Path) -> None:
    clock = Clock()
    source = AddressRanges("lists", "reputation", WatchedFile(path, RangeTable.read, name="lists", clock=clock))
    first = source.data_version
    replace(path, "1.2.3.4 other\n")
    clock.now += POLL_INTERVAL_S
    assert (await source.check()).state == "ok"
    assert reputations(await source.lookup(["1.2.3.4", "1.2.3.5"])) == ["other", "missing"]
    second = source.data_version
    assert second != first

    replace(path, "1.2.3.4 other\nhalf a li")
    clock.now += POLL_INTERVAL_S
    with capture_logs() as logs:
        state = await source.check()
    [refused] = [entry for entry in logs if entry["event"] == "file_refused"]
    assert (refused["source"], refused["reason"]) == ("lists", "line 2: not a range and a list's name")
    assert (state.state, state.data_version) == ("refused_update", second)
    assert reputations(await source.lookup(["1.2.3.4"])) == ["other"]

    replace(path, TEXT)
    clock.now += POLL_INTERVAL_S
    assert (await source.check()).state == "ok"
    assert source.data_version == first
    await source.close()


def networks(version: int) -> st.SearchStrategy[IPv4Network | IPv6Network]:
    """Networks that differ in few bits, so that many are nested."""
    bits = 32 if version == 4 else 128
    return st.builds(
        lambda number, length: ip_network(
            ((number << (bits - 8)) >> (bits - length) << (bits - length), length) if length else (0, 0)
        ),
        st.integers(0, 255),
        st.integers(0, 10),
    ).filter(lambda network: network.version == version)


@given(
    ranges=st.lists(st.tuples(networks(4) | networks(6), st.sampled_from("abc")), max_size=12),
    addresses=st.lists(st.ip_addresses(), max_size=20),
)
def test_the_result_equals_a_search_of_all_ranges(
    ranges: list[Range], addresses: list[IPv4Address | IPv6Address]
) -> None:
    table = RangeTable(ranges, version="")
    edges = [ip_address(edge) for network, _ in ranges for edge in (network[0], network[-1])]
    for address in addresses + edges:
        around = [(network.prefixlen, at, name) for at, (network, name) in enumerate(ranges) if address in network]
        assert table.find(address) == (max(around)[2] if around else None)


async def test_an_empty_file_has_no_ranges(path: Path) -> None:
    replace(path, "# none today\n")
    assert statuses(await opened(path).lookup(["1.2.3.4", "::1"])) == ["missing"] * 2
