"""The journey from the last learnt success to an event."""

from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

from core.risk.observation import Observation
from core.risk.subject.profile import Place

EARTH_KM = 6371.0088
"""Mean radius (IUGG)."""
ERROR_KM = 50.0
ERROR_MINUTES = 10.0
"""Nearer than this in space and in time, what looks like a journey is an error of the geolocation: of two networks at
one place, or of one device that uses two networks at once (/reference/account_security, "impossible travel")."""
LEAST_MINUTES = 1.0
"""A journey is taken to last so long at least, so that its speed is finite."""
_MINUTE_MS = 60_000


class Travel(NamedTuple):
    known: bool = False
    distance_km: float = 0.0
    speed_kmh: float = 0.0
    minutes: float = 0.0


UNKNOWN = Travel()


def travel(start: Place | None, observed: Observation) -> Travel:
    if start is None or observed.latitude is None or observed.longitude is None:
        return UNKNOWN
    distance = distance_km(start.latitude, start.longitude, observed.latitude, observed.longitude)
    minutes = max(LEAST_MINUTES, (observed.at - start.at) / _MINUTE_MS)
    if start.at > observed.at or (distance < ERROR_KM and minutes < ERROR_MINUTES):
        return UNKNOWN
    return Travel(True, distance, distance / (minutes / 60), minutes)


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Great-circle distance on a sphere, by the haversine formula; degrees."""
    phi, other_phi = radians(latitude), radians(other_latitude)
    half = (
        sin((other_phi - phi) / 2) ** 2 + cos(phi) * cos(other_phi) * sin(radians(other_longitude - longitude) / 2) ** 2
    )
    return 2 * EARTH_KM * asin(sqrt(min(1.0, half)))
