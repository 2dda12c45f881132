"""Scripted sign-ups. What they have in common is the address, the device, or the e-mail domain."""

from producers.synthetic import devices
from producers.synthetic.attacks import clients, places
from producers.synthetic.attacks.clients import Client
from producers.synthetic.attacks.networks import hosted
from producers.synthetic.attacks.script import MINUTE_MS, Script
from producers.synthetic.identifiers import hex64

THROW_AWAY = ("mailinator.com", "yopmail.com", "guerrillamail.com", "10minutemail.com")


def scripted_sign_ups_address(script: Script) -> None:
    """50 minutes, one hosting address, a new device each: 16 to 22 accounts; below: 6."""
    address, agent = hosted(script.rng), clients.tool_agent(script.rng)
    count = script.rng.randint(16, 22) if script.above else 6
    _sign_up(script, [clients.tool_with_new_ids(agent, address, script.rng) for _ in range(count)])


def scripted_sign_ups_device(script: Script) -> None:
    """50 minutes, one device behind many residential addresses: 5 to 8 accounts; below: 2."""
    device = devices.browser(script.rng.choice(places.EUROPE).region, script.rng)
    count = script.rng.randint(5, 8) if script.above else 2
    homes = [places.address(script.rng.choice(places.EUROPE), script.rng) for _ in range(count)]
    _sign_up(script, [clients.of_device(device, home.encode(), script.rng) for home in homes])


def scripted_sign_ups_domain(script: Script) -> None:
    """50 minutes, one e-mail domain, a new device and address each: 16 to 22 accounts with a throw-away domain; below:
    5 with a domain of the attacker's own.
    """
    rng = script.rng
    domain = rng.choice(THROW_AWAY) if script.above else f"mail-{hex64(rng).decode()}.example"
    count = rng.randint(16, 22) if script.above else 5
    homes = [rng.choice(places.EUROPE) for _ in range(count)]
    sources = [
        clients.of_device(devices.browser(home.region, rng), places.address(home, rng).encode(), rng) for home in homes
    ]
    _sign_up(script, sources, email_domain=domain)


def _sign_up(script: Script, sources: list[Client], email_domain: str | None = None) -> None:
    for source, at_ms in zip(sources, script.moments(len(sources), 50 * MINUTE_MS), strict=True):
        script.sign_up(at_ms, script.cast.new_account(), source, email_domain=email_domain)
