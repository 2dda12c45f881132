"""A person's devices: a browser or the mobile application, with screen, language and clock error."""

from random import Random
from typing import NamedTuple

from producers.synthetic import security_attributes
from producers.synthetic import user_agents as useragents
from producers.synthetic.addresses import Region
from producers.synthetic.identifiers import uuid4
from producers.synthetic.json_text import json_members

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
    security: bytes
    """Members of ``attributes`` that its account events have: device id and client hints."""
    refuses: bool = False
    """Whether its events say that the person does not consent."""


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
    return _device(b"web", agent, context, 0.005, rng)


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
    return _device(b"mob", agent, context, 0.06, rng)


def _device(platform: bytes, agent: str, context: dict[str, object], buffered_share: float, rng: Random) -> Device:
    domain_userid = uuid4(rng)
    return Device(
        platform=platform,
        domain_userid=domain_userid,
        useragent=agent.encode(),
        context=json_members(context),
        clock_ms=clock_ms(rng),
        buffered_share=buffered_share,
        security=security_attributes.of_device(domain_userid, agent),
        refuses=context["consent"] is False,
    )
