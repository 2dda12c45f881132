"""What sends a request: a device at an address, or a tool that has no browser."""

from random import Random
from typing import NamedTuple

from producers.synthetic import security_attributes
from producers.synthetic.devices import Device
from producers.synthetic.identifiers import uuid4
from producers.synthetic.json_text import json_members
from producers.synthetic.visits import UNTRACKED


class Client(NamedTuple):
    """The bytes are UTF-8 that needs no JSON escaping."""

    platform: bytes
    address: bytes
    useragent: bytes
    context: bytes
    """Members of the JSON object ``context``."""
    security: bytes = b""
    """Members of ``attributes``: device id and client hints, as far as it has them."""
    domain_userid: bytes | None = None
    domain_sessionid: bytes | None = None

    def moved(self, address: str) -> "Client":
        """The same session from another address."""
        return self._replace(address=address.encode())


def of_device(device: Device, address: bytes, rng: Random) -> Client:
    """A new session of the device."""
    return Client(
        device.platform,
        address,
        device.useragent,
        device.context,
        device.security,
        device.domain_userid,
        uuid4(rng),
    )


def tool(useragent: str, address: str) -> Client:
    """Keeps no cookies, so it has no ids."""
    return Client(b"web", address.encode(), useragent.encode(), UNTRACKED)


def tool_with_new_ids(useragent: str, address: str, rng: Random) -> Client:
    """Throws its cookies away, so that it is a new device at each request."""
    browser = uuid4(rng)
    members = json_members({"device_id": security_attributes.device_id(browser)})
    return tool(useragent, address)._replace(security=members, domain_userid=browser, domain_sessionid=uuid4(rng))


def with_cookies_of(device: Client, thief: Client) -> Client:
    """Goes on with the device's session: it has the ids, and sends no client hints."""
    browser = device.domain_userid or b""
    members = json_members({"device_id": security_attributes.device_id(browser)})
    return thief._replace(security=members, domain_userid=browser, domain_sessionid=device.domain_sessionid)


def tool_agent(rng: Random) -> str:
    """A random library with a random version, so that two attacks seldom look like one."""
    minor, patch = int(rng.random() * 40), int(rng.random() * 20)
    pattern = rng.choice(
        ("python-requests/2.{}.{}", "okhttp/4.{}.{}", "axios/1.{}.{}", "Python/3.11 aiohttp/3.{}.{}", "curl/8.{}.{}")
    )
    return pattern.format(minor, patch)
