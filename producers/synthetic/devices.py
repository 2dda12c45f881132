"""A person's devices: a browser or the mobile application, with screen, language and clock error."""

from random import Random
from typing import Any, NamedTuple

import msgspec

from producers.synthetic import user_agents as useragents
from producers.synthetic.addresses import Region
from producers.synthetic.identifiers import uuid4

HOUR_MS = 3_600_000
WRONG_CLOCK_SHARE = 0.015
"""Share of devices whose clock is hours off."""
_DRIFTED_CLOCK_SHARE = 0.1

APP_VERSIONS = ("5.9.0", "5.10.2", "5.11.0", "5.12.1", "5.12.3")
SITE_RELEASES = ("2024.40.1", "2024.41.0", "2024.41.2")


class Device(NamedTuple):
    """``context`` has the members of the JSON object ``context``. All bytes are UTF-8 that needs no JSON escaping."""

    platform: bytes
    domain_userid: bytes
    useragent: bytes
    context: bytes
    clock_ms: int
    """Clock error: positive if the clock is fast."""
    buffered_share: float
    """Share of its events that are buffered on the device before they are sent."""
    refuses: bool = False
    """Whether its events say that the person does not consent."""


def json_members(value: dict[str, Any]) -> bytes:
    """The members of a JSON object, without its braces."""
    return msgspec.json.encode(value)[1:-1]


def clock_ms(rng: Random) -> int:
    """A device's clock error: about a second for most devices, minutes for some, hours for a few."""
    draw = rng.random()
    if draw < WRONG_CLOCK_SHARE:
        return rng.choice((-1, 1)) * (rng.randint(1, 12) * HOUR_MS + rng.randint(-60_000, 60_000))
    most = 120_000 if draw < WRONG_CLOCK_SHARE + _DRIFTED_CLOCK_SHARE else 1_500
    return rng.randint(-most, most)


def browser(region: Region, rng: Random) -> Device:
    """A browser that visits the marketplace's site."""
    agent, (width, height) = useragents.browser(rng)
    context = {
        "app_id": "market-web",
        "app_version": rng.choice(SITE_RELEASES),
        "br_lang": rng.choice(region.languages),
        "os_timezone": rng.choice(region.timezones),
        "dvce_screenwidth": width,
        "dvce_screenheight": height,
        "consent": rng.random() < 0.8,
    }
    refuses = context["consent"] is False
    return Device(b"web", uuid4(rng), agent.encode(), json_members(context), clock_ms(rng), 0.005, refuses)


def application(region: Region, rng: Random) -> Device:
    """The marketplace's application on a phone."""
    phone = rng.choice(useragents.PHONES)
    version = rng.choice(APP_VERSIONS)
    width, height = rng.choice(useragents.PHONE_SCREENS)
    context = {
        "app_id": "market-app",
        "app_version": version,
        "br_lang": rng.choice(region.languages),
        "os_timezone": rng.choice(region.timezones),
        "dvce_screenwidth": width,
        "dvce_screenheight": height,
        "consent": rng.random() < 0.7,
        "mobile": {
            "device_manufacturer": phone.maker,
            "device_model": phone.model,
            "os_version": phone.system,
            "network_type": rng.choice(("wifi", "mobile")),
            "carrier": rng.choice(("Orange", "Vodafone", "Telekom", "Movistar")),
            "low_power_mode": rng.random() < 0.1,
        },
    }
    agent = f"Marketplace/{version} {phone.agent}"
    refuses = context["consent"] is False
    return Device(b"mob", uuid4(rng), agent.encode(), json_members(context), clock_ms(rng), 0.06, refuses)
