"""The records decide whether a database is usable: every edition with the fields is used, others are rejected."""

from ipaddress import ip_address
from pathlib import Path

import msgspec
import pytest

from assurance.servers import mmdb_files
from assurance.servers.mmdb_files import Records, write_mmdb
from contracts.lookup_api.lookups import Geo, Network
from lookup_service.sources.mmdb.city import CityDatabase
from lookup_service.sources.mmdb.network import DatabaseType, NetworkDatabase
from lookup_service.sources.watched_file import UnusableFileError
from tests.lookup_service.lookup_harness import BOXFORD, LONDON


@pytest.mark.parametrize(
    ("records", "name"),
    [
        (mmdb_files.CITY, "GeoLite2-City"),
        (mmdb_files.ENTERPRISE, "GeoIP2-Enterprise"),
        (mmdb_files.CITY, "GeoIP2-Precision-Enterprise"),
        (mmdb_files.CITY, "Somebody's own"),
    ],
)
@pytest.mark.parametrize("ip_version", [4, 6])
def test_editions_with_locations(tmp_path: Path, records: Records, name: str, ip_version: int) -> None:
    database = CityDatabase.open(write_mmdb(tmp_path / "x.mmdb", records, name, ip_version=ip_version))
    assert database.read(BOXFORD) == Geo(
        geo_country="GB",
        geo_region="WBK",
        geo_region_name="West Berkshire",
        geo_city="Boxford",
        geo_zipcode="OX1",
        geo_latitude=51.75,
        geo_longitude=-1.25,
        geo_timezone="Europe/London",
    )
    found = database.read("2001:218::1")
    assert (found is None) == (ip_version == 4)
    assert database.version == f"{name}/2026-09-01T06:00:00Z"


def test_a_country_edition_gives_the_country_only(tmp_path: Path) -> None:
    database = CityDatabase.open(write_mmdb(tmp_path / "x.mmdb", mmdb_files.COUNTRY, "GeoIP2-Country"))
    assert database.read(LONDON) == Geo(geo_country="GB")


@pytest.mark.parametrize(
    ("records", "name", "address", "expected"),
    [
        (mmdb_files.ISP, "GeoIP2-ISP", "1.128.0.1", Network(as_number=1221, as_organization_name="Telstra Pty Ltd")),
        (mmdb_files.ENTERPRISE, "GeoIP2-Enterprise", LONDON,
         Network(as_number=20_712, as_organization_name="Andrews & Arnold Ltd")),
    ],
)  # fmt: skip
def test_editions_with_autonomous_systems(
    tmp_path: Path, records: Records, name: str, address: str, expected: Network
) -> None:
    database = NetworkDatabase(write_mmdb(tmp_path / "x.mmdb", records, name), "ASN")
    assert database.read(ip_address(address)) == expected


def test_an_edition_with_more_fields_than_the_flags(tmp_path: Path) -> None:
    path = write_mmdb(tmp_path / "x.mmdb", mmdb_files.ANONYMOUS_PLUS, "GeoIP2-Anonymous-Plus")
    expected = Network(ip_is_anonymous=True, ip_is_tor_exit_node=True)
    assert NetworkDatabase(path, "Anonymous-IP").read(ip_address("65.1.1.1")) == expected


@pytest.mark.parametrize(
    ("records", "name"),
    [
        (mmdb_files.CONNECTION, "GeoIP2-Connection-Type"),
        (mmdb_files.ISP, "GeoIP2-ISP"),
        (mmdb_files.ANONYMOUS, "GeoIP2-City"),  # the name does not matter
        ({}, "GeoIP2-City"),
    ],
)
def test_an_edition_without_locations_is_rejected(tmp_path: Path, records: Records, name: str) -> None:
    with pytest.raises(UnusableFileError, match=f"a {name} database, not a City one"):
        CityDatabase.open(write_mmdb(tmp_path / "x.mmdb", records, name))


@pytest.mark.parametrize("database_type", ["ASN", "Anonymous-IP"])
def test_an_edition_without_network_data_is_rejected(tmp_path: Path, database_type: DatabaseType) -> None:
    with pytest.raises(UnusableFileError, match=f"a GeoIP2-Country database, not an {database_type} one"):
        NetworkDatabase(write_mmdb(tmp_path / "x.mmdb", mmdb_files.COUNTRY, "GeoIP2-Country"), database_type)


@pytest.mark.parametrize(
    "odd",
    [{"country": {"iso_code": 7}}, {"country": "GB"}, {"city": {"names": ["London"]}}, {"location": {"latitude": 91.0}},
     {"location": {"longitude": float("nan")}}, {"subdivisions": {"iso_code": "E"}}, {"postal": {"code": b"\xff"}}, {}],
)  # fmt: skip
def test_a_file_with_one_malformed_record_is_rejected(tmp_path: Path, odd: dict[str, object]) -> None:
    records = {**mmdb_files.CITY, "5.6.7.8/32": odd}
    with pytest.raises(UnusableFileError, match="damaged"):
        CityDatabase.open(write_mmdb(tmp_path / "x.mmdb", records, "GeoIP2-City"))


def test_a_file_with_an_as_number_out_of_range_is_rejected(tmp_path: Path) -> None:
    records = {**mmdb_files.ASN, "5.6.7.8/32": {"autonomous_system_number": 2**70}}
    with pytest.raises(UnusableFileError, match="damaged"):
        NetworkDatabase(write_mmdb(tmp_path / "x.mmdb", records, "GeoLite2-ASN"), "ASN")


def test_values_are_json_that_the_contract_reads(tmp_path: Path) -> None:
    database = CityDatabase.open(write_mmdb(tmp_path / "x.mmdb", mmdb_files.CITY, "GeoIP2-City"))
    found = database.read(LONDON)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Geo) == found
