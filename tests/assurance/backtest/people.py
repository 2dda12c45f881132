"""Events of accounts with a past, by hand: who does what from where."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from core.risk.security_event import SecurityEvent

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOW = 1_800_000_000_000
Source = Mapping[str, Any]
"""Fields of the event that are the client's, its address's and its network's."""
_CHROME = "Mozilla/5.0 (Windows NT 10.0) Chrome/126"
_PLACES: Mapping[str, Source] = {
    "Berlin": {"geo_country": "DE", "geo_city": "Berlin", "geo_latitude": 52.5, "geo_longitude": 13.4},
    "Munich": {"geo_country": "DE", "geo_city": "Munich", "geo_latitude": 48.1, "geo_longitude": 11.6},
    "Madrid": {"geo_country": "ES", "geo_city": "Madrid", "geo_latitude": 40.4, "geo_longitude": -3.7},
    "Lagos": {"geo_country": "NG", "geo_city": "Lagos", "geo_latitude": 6.5, "geo_longitude": 3.4},
    "nowhere": {},
}
_numbers = count()


def network(number: int | None, place: str, address: str) -> Source:
    name = None if number is None else f"Example Broadband {number}"
    return {**_PLACES[place], "user_ipaddress": address, "as_number": number, "as_organization_name": name}


def browser(device: str | None, agent: str = _CHROME, session: str | None = None) -> Source:
    return {
        **{"useragent": agent, "br_lang": "de-DE", "dvce_screenwidth": 1920, "device_id": device},
        **{"domain_userid": device and f"browser-{device}", "domain_sessionid": session},
    }


def tool(name: str = "python-requests", **ids: str) -> Source:
    """A program. Without ids it keeps no cookies."""
    return {"useragent": f"{name}/2.32", "user_agent_is_crawler": True, "user_agent_crawler_name": name, **ids}


def home(number: int, place: str = "Berlin") -> Source:
    """Everybody has a network, an address, a device and a client of their own."""
    agent = f"{_CHROME}.{number % 40}"
    return {**network(64_512 + number % 40, place, f"192.0.2.{number}"), **browser(f"home-{number}", agent)}


OVER_VPN = network(9009, "Munich", "146.70.1.1")
HOSTED = network(24940, "Madrid", "95.217.1.1")
ABROAD = network(65_000, "Lagos", "203.0.113.77")
MOBILE = network(3320, "Berlin", "80.187.96.9")


def event(name: str, at: int, source: Source, user: str | None = None, **more: object) -> SecurityEvent:
    """``at`` counts from :data:`NOW`."""
    fields: dict[str, Any] = {**source, "user_id": user, **more}
    return SecurityEvent(event_id=f"event-{next(_numbers):06}", event_name=name, collector_tstamp=NOW + at, **fields)


def success(at: int, source: Source, user: str, **more: object) -> SecurityEvent:
    return event("sign_in", at, source, user, auth_outcome="success", **more)


def failure(at: int, source: Source, user: str | None, **more: object) -> SecurityEvent:
    return event("sign_in", at, source, user, auth_outcome="failure", **{"auth_reason": "wrong_password", **more})


def past(user: str, *sources: Source, times: int = 14) -> list[SecurityEvent]:
    """Successful sign-ins of the last three weeks, from the sources in turn."""
    first = -21 * DAY
    return [success(first + n * 20 * DAY // times, sources[n % len(sources)], user) for n in range(times)]


def pasts(numbers: Sequence[int]) -> list[SecurityEvent]:
    return [each for number in numbers for each in past(f"u{number}", home(number))]
