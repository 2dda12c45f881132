"""Databases return the values that they were made with, any text has a result, and damaged files are rejected."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from functools import cache, partial
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.lookup_api.lookups import Network
from lookup_service.sources.mmdb.network import (
    DatabaseType,
    MmdbNetwork,
    MmdbNetworkOptions,
    NetworkDatabase,
    open_mmdb_network,
)
from lookup_service.sources.public_address import public_address
from lookup_service.sources.watched_file import UnusableFileError, WatchedFile
from tests.lookup_service.lookup_harness import statuses, value_of
from tests.lookup_service.sources.test_watched_file import replace

pytestmark = pytest.mark.anyio


@pytest.fixture
async def source(asn: Path, anonymous_ip: Path) -> AsyncIterator[MmdbNetwork]:
    opened = open_mmdb_network(MmdbNetworkOptions(asn_path=str(asn), anonymous_ip_path=str(anonymous_ip)))
    yield opened
    await opened.close()


async def test_documented_values(source: MmdbNetwork) -> None:
    keys = ["1.128.0.0", "::ffff:1.128.0.0", "1.2.0.1", "81.2.69.142", "65.1.1.1", "12.81.96.1"]
    telstra, mapped, vpn, everything, tor, nameless = map(value_of, await source.lookup(keys))
    assert telstra == {"as_number": 1221, "as_organization_name": "Telstra Pty Ltd"}
    assert mapped == telstra
    assert vpn == {"ip_is_anonymous": True, "ip_is_anonymous_vpn": True}
    assert everything == dict.fromkeys(
        ("ip_is_anonymous", "ip_is_anonymous_vpn", "ip_is_hosting_provider", "ip_is_public_proxy",
         "ip_is_residential_proxy", "ip_is_tor_exit_node"),
        True,
    )  # fmt: skip
    assert tor == {"ip_is_anonymous": True, "ip_is_tor_exit_node": True}
    assert nameless == {"as_number": 7018}


async def test_either_database_may_be_absent(asn: Path, anonymous_ip: Path) -> None:
    keys = ["1.128.0.0", "1.2.0.1"]
    only_asn = open_mmdb_network(MmdbNetworkOptions(asn_path=str(asn)))
    assert statuses(await only_asn.lookup(keys)) == ["ok", "missing"]
    only_anonymous = open_mmdb_network(MmdbNetworkOptions(anonymous_ip_path=str(anonymous_ip)))
    assert statuses(await only_anonymous.lookup(keys)) == ["missing", "ok"]
    assert only_asn.data_version != only_anonymous.data_version
    neither = open_mmdb_network(MmdbNetworkOptions())
    assert statuses(await neither.lookup(keys)) == ["error", "error"]
    assert ((await neither.check()).state, neither.data_version) == ("not_configured", None)


def test_a_database_of_another_type_is_rejected(asn: Path, anonymous_ip: Path, city: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError, match="ASN"):
        open_mmdb_network(MmdbNetworkOptions(anonymous_ip_path=str(asn)))
    with pytest.raises(UnusableFileError, match="Anonymous"):
        open_mmdb_network(MmdbNetworkOptions(asn_path=str(anonymous_ip)))
    with pytest.raises(UnusableFileError, match="City"):
        open_mmdb_network(MmdbNetworkOptions(asn_path=str(city)))
    with pytest.raises(FileNotFoundError):
        open_mmdb_network(MmdbNetworkOptions(asn_path=str(tmp_path / "absent")))


def content(path: Path) -> bytes:
    return path.read_bytes()


def damaged(content: bytes, damage: str) -> bytes:
    if damage == "half":
        return content[: len(content) // 2]
    if damage == "text":
        return b"not a database"
    if damage == "empty":
        return b""
    at = content.rindex(b"\xab\xcd\xefMaxMind.com")  # overwrites all records; the metadata after them stays
    return content[: at // 2] + b"\xff" * (at - at // 2) + content[at:]


@pytest.mark.parametrize("damage", ["half", "text", "empty", "records"])
async def test_a_damaged_new_file_is_rejected(asn: Path, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "asn.mmdb"
    shutil.copy(asn, path)
    file = WatchedFile(path, partial(NetworkDatabase, database_type="ASN"), name="networks")
    source = MmdbNetwork("networks", [file])
    replace(path, damaged(content(asn), damage))
    await file.poll()
    state = await source.check()
    assert (state.state, state.data_version) == ("refused_update", source.data_version)
    assert statuses(await source.lookup(["1.128.0.0"])) == ["ok"]
    replace(path, content(asn))
    await file.poll()
    assert ((await source.check()).state, file.reloads) == ("ok", 1)
    assert statuses(await source.lookup(["1.128.0.0"])) == ["ok"]
    await source.close()


@cache
def database(path: Path, database_type: DatabaseType) -> NetworkDatabase:
    return NetworkDatabase(path, database_type)


@given(address=st.ip_addresses() | st.ip_addresses(network="1.0.0.0/8") | st.ip_addresses(network="2001:200::/24"))
def test_any_address(asn: Path, anonymous_ip: Path, address: IPv4Address | IPv6Address) -> None:
    for found in (database(asn, "ASN").read(address), database(anonymous_ip, "Anonymous-IP").read(address)):
        assert found is None or isinstance(found, Network)


@given(
    keys=st.lists(
        st.text(st.characters(), max_size=60)
        | st.text("0123456789abcdef.:%/", max_size=45)
        | st.ip_addresses().map(str)
        | st.ip_addresses(v=4).map("::ffff:{}".format)
        | st.just("1.128.0.0"),
        max_size=20,
    )
)
def test_any_keys(asn: Path, anonymous_ip: Path, keys: list[str]) -> None:
    source = open_mmdb_network(MmdbNetworkOptions(asn_path=str(asn), anonymous_ip_path=str(anonymous_ip)))
    results = asyncio.run(source.lookup(keys))
    assert set(statuses(results)) <= {"ok", "missing"}
    assert all(result.status == "ok" for key, result in zip(keys, results, strict=True) if key == "1.128.0.0")


@given(address=st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="fc00::/7"))
def test_private_addresses_are_never_looked_up(address: IPv4Address | IPv6Address) -> None:
    assert public_address(str(address)) is None
