"""ip keys: any text gives a location or nothing, never an exception."""

import shutil
from collections.abc import AsyncIterator, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.servers.mmdb_files import BUILT, built_at
from common.addresses import is_public
from contracts.lookup_api.lookups import Geo
from lookup_service.sources.mmdb.city import CityDatabase, CityOptions, CitySource, open_city
from lookup_service.sources.public_address import public_address
from lookup_service.sources.results import KEYS_PER_SLICE
from lookup_service.sources.watched_file import UnusableFileError
from tests.lookup_service.lookup_harness import BOXFORD, LONDON, statuses

PRIVATE = [
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "::1")
]


@pytest.fixture(scope="module")
def database(city: Path) -> Iterator[CityDatabase]:
    opened = CityDatabase.open(city)
    yield opened
    opened.close()


@given(address=st.ip_addresses())
def test_any_address(database: CityDatabase, address: IPv4Address | IPv6Address) -> None:
    found = database.read(str(address))
    assert found is None or isinstance(found, Geo)


@settings(max_examples=50, deadline=None)
@given(text=st.text(st.characters(exclude_characters=".:"), max_size=128))
def test_any_text_without_an_address_is_missing(database: CityDatabase, text: str) -> None:
    assert database.read(text) is None


@given(text=st.text("0123456789abcdef.:%/", max_size=45))
def test_any_text_like_an_address(database: CityDatabase, text: str) -> None:
    found = database.read(text)
    assert found is None or isinstance(found, Geo)


@given(offset=st.integers(0, 15), spelling=st.sampled_from(["::ffff:{}", "::FFFF:{}", "0:0:0:0:0:ffff:{}"]))
def test_an_ipv4_mapped_address_is_the_ipv4_one(database: CityDatabase, offset: int, spelling: str) -> None:
    address = str(IPv4Address(LONDON) + offset)
    assert public_address(spelling.format(address)) == IPv4Address(address)
    assert database.read(address) is not None
    assert database.read(spelling.format(address)) == database.read(address)


@given(data=st.data(), network=st.sampled_from(PRIVATE))
def test_private_addresses_are_missing(database: CityDatabase, data: st.DataObject, network: object) -> None:
    address = data.draw(st.ip_addresses(network=str(network)))
    assert public_address(str(address)) is None
    assert database.read(str(address)) is None


@given(address=st.ip_addresses() | st.ip_addresses(network="2001::/16") | st.ip_addresses(network="192.0.0.0/16"))
def test_public_agrees_with_common_addresses(address: IPv4Address | IPv6Address) -> None:
    assert (public_address(str(address)) is not None) == is_public(address)


@pytest.mark.parametrize(
    ("address", "is_public"),
    [("203.0.113.7", True), ("2001:db8::1", True), ("2001:0:4136:e378:8000:63bf:ae4d:9712", True),
     ("2001:0:4136:e378:8000:63bf:f5ff:fffe", False), ("64:ff9b::a00:1", False)],
)  # fmt: skip
def test_documentation_addresses_and_embedded_ipv4_addresses(address: str, is_public: bool) -> None:
    assert (public_address(address) is not None) == is_public


@pytest.mark.parametrize(
    "text",
    ["", " ", f" {LONDON}", f"{LONDON}:80", "81.2.69", "081.2.69.142", "0x51.2.69.142", "1359103374", f"[{LONDON}]",
     "81.2.69.142/32", f"{LONDON}\0", "\uff18\uff11.2.69.142", "::ffff:10.0.0.1", "fe80::1%eth0", "localhost", "-"],
)  # fmt: skip
def test_only_the_canonical_form_is_an_address(database: CityDatabase, text: str) -> None:
    assert database.read(text) is None


def test_ipv6_is_found(database: CityDatabase) -> None:
    found = database.read("2001:218::1")
    assert found is not None
    assert found.geo_country == "JP"


def test_version_has_type_and_build_time(database: CityDatabase) -> None:
    name, built = database.version.split("/")
    assert name == "GeoIP2-City"
    assert built.endswith("Z")


def test_another_database_is_refused(asn: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError, match="ASN"):
        CityDatabase.open(asn)
    (tmp_path / "text").write_text("not a database")
    with pytest.raises(UnusableFileError):
        CityDatabase.open(tmp_path / "text")


@pytest.fixture
async def source(tmp_path: Path, city: Path) -> AsyncIterator[CitySource]:
    path = tmp_path / "city.mmdb"
    shutil.copy(city, path)
    opened = open_city(CityOptions(path=path))
    yield opened
    await opened.close()


@pytest.mark.anyio
async def test_more_addresses_than_one_slice(source: CitySource) -> None:
    keys = [str(IPv6Address("2001:218::") + n) for n in range(KEYS_PER_SLICE * 2 + 1)]
    assert statuses(await source.lookup(keys)) == ["ok"] * len(keys)


@pytest.mark.slow
@pytest.mark.anyio
async def test_a_replaced_file_is_taken_into_use(source: CitySource, city: Path, tmp_path: Path) -> None:
    before = source.data_version
    shutil.copy(city, tmp_path / "new.mmdb")
    built_at(tmp_path / "new.mmdb", BUILT + 1).replace(tmp_path / "city.mmdb")
    await source.file.poll()
    [new] = await source.lookup([BOXFORD])
    assert (new.status, new.data_version) == ("ok", source.data_version)
    assert source.data_version != before


@pytest.mark.slow
@pytest.mark.anyio
async def test_a_broken_or_absent_new_file_leaves_the_old_one_open(source: CitySource, tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("half a download")
    (tmp_path / "broken").replace(tmp_path / "city.mmdb")
    await source.file.poll()
    assert statuses(await source.lookup([LONDON])) == ["ok"]
    assert (await source.check()).state == "refused_update"
    (tmp_path / "city.mmdb").unlink()
    await source.file.poll()
    assert statuses(await source.lookup([LONDON])) == ["ok"]
