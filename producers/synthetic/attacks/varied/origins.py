"""Where an attack on many accounts comes from: addresses, agents and devices in every combination that still has
something in common.
"""

from collections.abc import Sequence
from random import Random
from typing import Literal, get_args

from producers.synthetic import security_attributes, user_agents
from producers.synthetic.attacks import clients, places
from producers.synthetic.attacks.clients import Client
from producers.synthetic.attacks.networks import HOSTING, VPN, hosted, random_addresses
from producers.synthetic.identifiers import uuid4
from producers.synthetic.json_text import json_members

Common = Literal["address", "network", "client", "device"]
"""What an attack's requests have in common."""
COMMON: tuple[Common, ...] = get_args(Common)
_Devices = Literal["none", "rotating", "fixed"]


class Origin:
    """``common`` address: one to three addresses, of a household or a provider; network: many of one provider; client:
    one tool at addresses of any kind; device: one device id at many households. Everything else varies.
    """

    def __init__(self, common: Common, rng: Random) -> None:
        self.common = common
        self._rng = rng
        self._addresses = _addresses(common, rng)
        self._agents = _agents(common, rng)
        self._devices: _Devices = "fixed" if common == "device" else rng.choice(("none", "rotating", "fixed"))
        if common == "client" and self._devices == "fixed":
            self._devices = "none"
        self._fixed = uuid4(rng)

    def client(self) -> Client:
        """What sends the next request."""
        rng = self._rng
        client = clients.tool(rng.choice(self._agents), rng.choice(self._addresses))
        if self._devices == "none":
            return client
        browser = self._fixed if self._devices == "fixed" else uuid4(rng)
        members = json_members({"device_id": security_attributes.device_id(browser)})
        return client._replace(security=members, domain_userid=browser, domain_sessionid=uuid4(rng))


def household(rng: Random) -> str:
    """Its address, in any place of the scenarios."""
    return places.address(rng.choice((*places.EUROPE, *places.FAR)), rng)


def browser_agent(rng: Random) -> str:
    return user_agents.browser(rng)[0]


def _addresses(common: Common, rng: Random) -> Sequence[str]:
    if common == "network":
        return random_addresses(rng.choice((*HOSTING, *VPN)).block, rng.randint(6, 25), rng)
    if common == "address":
        make = rng.choice((household, hosted))
        return [make(rng) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    if common == "device":
        return [household(rng) for _ in range(rng.randint(4, 15))]
    return [rng.choice((household, hosted))(rng) for _ in range(rng.randint(6, 20))]


def _agents(common: Common, rng: Random) -> Sequence[str]:
    if common == "client":
        return [clients.tool_agent(rng)]
    if common == "device":
        return [browser_agent(rng)]
    kind = rng.choice(("tool", "browser", "browsers"))
    if kind == "tool":
        return [clients.tool_agent(rng)]
    return [browser_agent(rng) for _ in range(1 if kind == "browser" else 12)]
