"""Public client addresses by region, with the time zones and languages of the region."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import NamedTuple

IPV6_SHARE = 0.15
CARRIER_ADDRESSES = 400
"""Addresses of mobile carriers: few, because thousands of phones share one."""


class Region(NamedTuple):
    """Every address in these blocks is public, so that no generated address is reserved."""

    weight: float
    first_octets: Sequence[int]
    ipv6_prefixes: Sequence[str]
    timezones: Sequence[str]
    languages: Sequence[str]


REGIONS = (
    Region(
        0.78,
        (2, 5, 31, 37, 46, 62, *range(77, 96), 109, 176, 178, 188, 194, 195, 212, 213, 217),
        ("2a01:e0a", "2a02:8109", "2003:c7", "2a00:23c5", "2a02:a03f"),
        ("Europe/Berlin", "Europe/Paris", "Europe/Vienna", "Europe/Amsterdam", "Europe/Madrid", "Europe/Rome"),
        ("de-DE", "fr-FR", "de-AT", "nl-NL", "es-ES", "it-IT", "en-GB"),
    ),
    Region(
        0.12,
        (24, 50, *range(63, 77), 96, 97, 98, 173, 174, 184),
        ("2600:1700", "2601:645", "2607:fea8"),
        ("America/New_York", "America/Chicago", "America/Los_Angeles", "America/Toronto"),
        ("en-US", "en-CA", "fr-CA", "es-US"),
    ),
    Region(
        0.07,
        (1, 14, 27, 36, 39, 42, 49, 58, 59, 60, 61, *range(110, 127), 180, 182, 183, 210, 211, 218, 219),
        ("2400:4050", "2402:800", "2409:4042"),
        ("Asia/Tokyo", "Asia/Kolkata", "Asia/Singapore", "Australia/Sydney"),
        ("ja-JP", "en-IN", "en-SG", "en-AU", "zh-CN"),
    ),
    Region(
        0.03,
        (177, 179, 181, 186, 187, 189, 190, 200, 201),
        ("2804:14c", "2806:10ae"),
        ("America/Sao_Paulo", "America/Mexico_City", "America/Bogota"),
        ("pt-BR", "es-MX", "es-CO"),
    ),
)


def random_region(rng: Random) -> Region:
    """A random region, weighted by traffic."""
    return rng.choices(REGIONS, [each.weight for each in REGIONS])[0]


def ipv4(first_octets: Sequence[int], rng: Random) -> str:
    """A random address whose last octet is neither 0 nor 255 (network and broadcast addresses)."""
    first = first_octets[int(rng.random() * len(first_octets))]
    return f"{first}.{int(rng.random() * 256)}.{int(rng.random() * 256)}.{1 + int(rng.random() * 254)}"


def home(region: Region, rng: Random) -> str:
    """The address of a household, IPv4 or IPv6."""
    if rng.random() >= IPV6_SHARE:
        return ipv4(region.first_octets, rng)
    prefix = region.ipv6_prefixes[int(rng.random() * len(region.ipv6_prefixes))]
    # No group begins with a zero, which keeps the text in the canonical form of RFC 5952.
    return ":".join((prefix, *(f"{0x1000 + int(rng.random() * 0xEFFF):x}" for _ in range(6))))


def beside(address: str, rng: Random) -> str:
    """An address of the same block of 256, and therefore of the same place and network."""
    return f"{address.rpartition('.')[0]}.{1 + int(rng.random() * 254)}"


def carriers(rng: Random) -> Mapping[Region, list[str]]:
    """The shared addresses of the mobile carriers of each region."""
    return {
        region: [ipv4(region.first_octets, rng) for _ in range(max(1, round(region.weight * CARRIER_ADDRESSES)))]
        for region in REGIONS
    }
