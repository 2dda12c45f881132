"""Writes small MaxMind databases with invented records for a few addresses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]  # it has no stubs

Records = Mapping[str, Mapping[str, Any]]

BUILT = 1_788_242_400
"""2026-09-01T06:00:00Z."""


def place(code: str | None = None, name: str | None = None) -> dict[str, Any]:
    """A country, a subdivision or a city."""
    return {
        **({} if code is None else {"iso_code": code}),
        **({} if name is None else {"names": {"en": name, "de": f"{name} (de)"}}),
    }


def city_record(country: str, region: tuple[str, str], city: str, at: tuple[float, float], zone: str) -> dict[str, Any]:
    return {
        "country": place(country, country),
        "subdivisions": [place(*region)],
        "city": place(None, city),
        "location": {"latitude": at[0], "longitude": at[1], "time_zone": zone, "accuracy_radius": 100},
    }


LONDON = city_record("GB", ("ENG", "England"), "London", (51.5142, -0.0931), "Europe/London")
BOXFORD = {
    **city_record("GB", ("ENG", "England"), "Boxford", (51.75, -1.25), "Europe/London"),
    "subdivisions": [place("ENG", "England"), place("WBK", "West Berkshire")],
    "postal": {"code": "OX1"},
}
MILTON = {
    **city_record("US", ("WA", "Washington"), "Milton", (47.2513, -122.3149), "America/Los_Angeles"),
    "postal": {"code": "98354"},
}
JAPAN = {"country": place("JP", "Japan"), "location": {"latitude": 35.68536, "longitude": 139.75309}}

CITY: Records = {
    "81.2.69.142/31": LONDON,
    "81.2.69.144/28": LONDON,
    "81.2.69.128/29": LONDON,
    "2.125.160.216/29": BOXFORD,
    "216.160.83.56/29": MILTON,
    "2001:218::/32": JAPAN,
    "2a02:c7d::/32": LONDON,
}
ASN: Records = {
    "1.128.0.0/11": {"autonomous_system_number": 1221, "autonomous_system_organization": "Telstra Pty Ltd"},
    "12.81.92.0/22": {"autonomous_system_number": 7018, "autonomous_system_organization": "AT&T Services"},
    "12.81.96.0/19": {"autonomous_system_number": 7018},
    "2a02:c7d::/32": {"autonomous_system_number": 64_500, "autonomous_system_organization": "Example Broadband"},
}
_EVERYTHING = {
    "is_anonymous": True,
    "is_anonymous_vpn": True,
    "is_hosting_provider": True,
    "is_public_proxy": True,
    "is_residential_proxy": True,
    "is_tor_exit_node": True,
}
ANONYMOUS: Records = {
    "1.2.0.0/16": {"is_anonymous": True, "is_anonymous_vpn": True},
    "65.0.0.0/13": {"is_anonymous": True, "is_tor_exit_node": True},
    "71.160.223.0/24": {"is_anonymous": True, "is_hosting_provider": True},
    "81.2.69.0/24": _EVERYTHING,
}
ANONYMOUS_PLUS: Records = {
    network: {**record, "anonymizer_confidence": 99, "network_last_seen": "2026-08-30", "provider_name": "Example VPN"}
    for network, record in ANONYMOUS.items()
}
ISP: Records = {network: {**record, "isp": "Example", "organization": "Example"} for network, record in ASN.items()}
ENTERPRISE: Records = {
    network: {
        **record,
        "traits": {
            "autonomous_system_number": 20_712,
            "autonomous_system_organization": "Andrews & Arnold Ltd",
            "connection_type": "Cable/DSL",
            "user_type": "residential",
        },
    }
    for network, record in CITY.items()
}
COUNTRY: Records = {network: {"country": record["country"]} for network, record in CITY.items()}
CONNECTION: Records = {network: {"connection_type": "Cable/DSL"} for network in CITY}


def write_mmdb(path: Path, records: Records, database_type: str, *, ip_version: int = 6) -> Path:
    """An IPv6 database maps IPv4 addresses as MaxMind's databases do. An IPv4 database gets the IPv4 networks only."""
    writer = MMDBWriter(
        ip_version=ip_version,
        ipv4_compatible=ip_version == 6,
        database_type=database_type,
        languages=["en"],
        description="made for tests",
    )
    for network, record in records.items():
        if ip_version == 6 or ":" not in network:
            writer.insert_network(IPSet([network]), dict(record))
    writer.to_db_file(str(path))
    return built_at(path, BUILT)


def built_at(path: Path, seconds: int) -> Path:
    """Changes the build time in the file, which is a part of the database's version. Returns the path."""
    content = path.read_bytes()
    at = content.rindex(b"build_epoch") + len(b"build_epoch") + 2  # a type byte, a second type byte, then the number
    path.write_bytes(content[:at] + seconds.to_bytes(4, "big") + content[at + 4 :])
    return path
