"""Where the people of the scenarios live and travel: blocks of addresses whose city GeoLite2 knows."""

from math import asin, cos, radians, sin, sqrt
from random import Random
from typing import NamedTuple

from producers.synthetic.addresses import REGIONS, Region
from producers.synthetic.attacks.networks import random_address

_EARTH_KM = 6371.0


class Place(NamedTuple):
    name: str
    country: str
    latitude: float
    longitude: float
    block: str
    """CIDR, IPv4."""
    number: int
    organization: str
    """Of the block's autonomous system: a household's provider, another one in each place."""
    region: Region


_EUROPE, _NORTH_AMERICA, _ASIA, _SOUTH_AMERICA = REGIONS
EUROPE = (
    Place("Berlin", "DE", 52.44, 13.35, "77.188.64.0/18", 6805, "Telefonica Germany GmbH & Co.OHG", _EUROPE),
    Place("Hamburg", "DE", 53.58, 9.97, "62.206.0.0/17", 20676, "Plusnet GmbH", _EUROPE),
    Place("Munich", "DE", 48.15, 11.52, "195.30.128.0/18", 5539, "SpaceNet AG", _EUROPE),
    Place("Vienna", "AT", 48.20, 16.37, "212.236.128.0/17", 8245, "Video-Broadcast GmbH", _EUROPE),
    Place("Paris", "FR", 48.86, 2.35, "213.36.128.0/17", 12322, "Free SAS", _EUROPE),
    Place("Lyon", "FR", 45.75, 4.85, "89.88.0.0/19", 5410, "Bouygues Telecom SA", _EUROPE),
    Place("Milan", "IT", 45.47, 9.19, "93.50.0.0/17", 12874, "Fastweb SpA", _EUROPE),
    Place("Warsaw", "PL", 52.23, 21.01, "31.61.0.0/17", 5617, "Orange Polska Spolka Akcyjna", _EUROPE),
    Place("Stockholm", "SE", 59.33, 18.07, "84.218.128.0/17", 8434, "Telenor Sverige AB", _EUROPE),
)
FAR = (
    Place("New York", "US", 40.76, -73.99, "66.104.128.0/17", 2828, "Verizon Business", _NORTH_AMERICA),
    Place("Chicago", "US", 41.85, -87.65, "173.15.0.0/17", 7922, "Comcast Cable Communications, LLC", _NORTH_AMERICA),
    Place("Tokyo", "JP", 35.68, 139.68, "111.111.128.0/17", 2516, "KDDI CORPORATION", _ASIA),
    Place("Singapore", "SG", 1.29, 103.85, "116.88.0.0/16", 55430, "Starhub Internet Pte Ltd", _ASIA),
    Place("Sydney", "AU", -33.87, 151.10, "110.150.128.0/17", 1221, "Telstra Limited", _ASIA),
    Place("Hanoi", "VN", 21.02, 105.85, "117.4.0.0/17", 7552, "Viettel Group", _ASIA),
    Place("São Paulo", "BR", -23.55, -46.64, "201.52.0.0/16", 28573, "Claro NXT Telecomunicacoes Ltda", _SOUTH_AMERICA),
    Place("Bogotá", "CO", 4.63, -74.13, "181.138.64.0/18", 13489, "EPM Telecomunicaciones S.A. E.S.P.", _SOUTH_AMERICA),
)
"""On other continents than :data:`EUROPE`."""


def address(place: Place, rng: Random) -> str:
    return random_address(place.block, rng)


def abroad(place: Place, rng: Random) -> Place:
    """A European place in another country."""
    return rng.choice([each for each in EUROPE if each.country != place.country])


def elsewhere(place: Place, rng: Random) -> Place:
    """Another place of the same country, or the same place where there is none."""
    return rng.choice([each for each in EUROPE if each.country == place.country and each != place] or [place])


def kilometres(one: Place, other: Place) -> float:
    """Great-circle distance."""
    north, south = radians(one.latitude), radians(other.latitude)
    across = sin((south - north) / 2) ** 2
    along = cos(north) * cos(south) * sin(radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(across + along))
