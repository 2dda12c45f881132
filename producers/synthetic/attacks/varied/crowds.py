"""Innocent people in numbers: they share an address, a device, an application, or a text."""

from collections.abc import Sequence

from producers.synthetic import devices
from producers.synthetic.attacks import clients, places
from producers.synthetic.attacks.cast import Account
from producers.synthetic.attacks.clients import Client
from producers.synthetic.attacks.networks import CARRIER, random_address
from producers.synthetic.attacks.script import HOUR_MS, MINUTE_MS, Script
from producers.synthetic.attacks.spam import edited, long_text
from producers.synthetic.identifiers import hex64
from producers.synthetic.text_hash import text_hash

_GERMANY = tuple(place for place in places.EUROPE if place.country == "DE")
APPLICATIONS = (
    "Marketplace/5.12.3 CFNetwork/1490.0.4 Darwin/23.2.0",
    "Marketplace/5.12.3 (Android 14; Pixel 7)",
    "Marketplace/5.12.1 (iPhone; iOS 17.5; Scale/3.00)",
)
"""Agents that every user of the application has."""
_SAYS = b'"client_hint_mobile":true'
"""Members of ``attributes`` that the application's account events have, where others have a device id."""


def large_office(script: Script) -> None:
    """20 to 60 minutes in the morning, 40 to 110 colleagues behind one address: 5 to 30 of them mistype once or twice,
    and everybody gets in.
    """
    rng, place = script.rng, script.rng.choice(places.EUROPE)
    accounts = [script.cast.account(place) for _ in range(rng.randint(40, 110))]
    address = places.address(place, rng)
    sources = [account.at(address, rng) for account in accounts]
    _sign_in_all(script, accounts, sources, rng.uniform(20, 60) * MINUTE_MS, mistyping=rng.randint(5, 30))


def large_carrier_nat(script: Script) -> None:
    """2 to 5 hours, 150 to 200 telephones behind one address of a mobile carrier; 10 to 30 mistype once or twice."""
    rng = script.rng
    accounts = [script.cast.account(rng.choice(_GERMANY)) for _ in range(rng.randint(150, 200))]
    address = random_address(rng.choice(CARRIER).block, rng)
    sources = [account.at(address, rng) for account in accounts]
    _sign_in_all(script, accounts, sources, rng.uniform(2, 5) * HOUR_MS, mistyping=rng.randint(10, 30))


def application_without_device_ids(script: Script) -> None:
    """20 to 120 minutes, 40 to 80 people at home with one release of an application that has no device id: 8 to 25 of
    them mistype once or twice.
    """
    rng = script.rng
    agent = rng.choice(APPLICATIONS).encode()
    accounts = []
    for _ in range(rng.randint(40, 80)):
        place = rng.choice(places.EUROPE)
        application = devices.application(place.region, rng)._replace(useragent=agent, security=_SAYS)
        accounts.append(script.cast.account(place, browser=application))
    sources = [account.at_home(rng) for account in accounts]
    _sign_in_all(script, accounts, sources, rng.uniform(20, 120) * MINUTE_MS, mistyping=rng.randint(8, 25))


def shop_device(script: Script) -> None:
    """6 to 10 hours, one device in a shop on which 8 to 20 customers sign in; several give a wrong name or password
    first, and some give up.
    """
    rng, place = script.rng, script.rng.choice(places.EUROPE)
    device, address = devices.browser(place.region, rng), places.address(place, rng).encode()
    for at_ms in script.moments(rng.randint(8, 20), rng.uniform(6, 10) * HOUR_MS):
        account, client = script.cast.account(place), clients.of_device(device, address, rng)
        wrong = rng.choice((0, 0, 1, 2))
        for number in range(wrong):
            name = account.user_id if rng.random() < 0.5 else None
            reason = "unknown_user" if name is None else "wrong_password"
            script.sign_in(at_ms + number * 20_000, name, client, reason=reason)
        if not wrong or rng.random() < 0.7:
            script.sign_in(at_ms + wrong * 20_000, account.user_id, client)


def sellers_with_templates(script: Script) -> None:
    """3 to 6 accounts with a past use the same template: 5 to 10 listings each within 8 hours, nearly the same text
    with a link to their shops, photos of their own, usual prices.
    """
    rng, template = script.rng, long_text(script)
    for _ in range(rng.randint(3, 6)):
        account = script.cast.account()
        client = account.at_home(rng)
        start = rng.uniform(0, 2) * HOUR_MS
        script.sign_in(start, account.user_id, client)
        for at_ms in script.moments(rng.randint(5, 10), rng.uniform(2, 6) * HOUR_MS):
            script.publish(
                start + 5 * MINUTE_MS + at_ms,
                account.user_id,
                client,
                text_hash=text_hash(edited(template, script)),
                image_hash=hex64(rng).decode(),
                has_contact=False,
                has_link=True,
                price_ratio=rng.uniform(0.8, 1.2),
            )


def _sign_in_all(
    script: Script, accounts: Sequence[Account], sources: Sequence[Client], length_ms: float, *, mistyping: int
) -> None:
    """Everybody once, in a random order; some order 10 minutes later."""
    rng = script.rng
    mistyped = set(rng.sample(range(len(accounts)), mistyping))
    for number, at_ms in enumerate(script.moments(len(accounts), length_ms)):
        account, client = accounts[number], sources[number]
        wrong = rng.randint(1, 2) if number in mistyped else 0
        for again in range(wrong):
            script.sign_in(at_ms + again * 15_000, account.user_id, client, reason="wrong_password")
        script.sign_in(at_ms + wrong * 15_000, account.user_id, client)
        if rng.random() < 0.2:
            script.check_out(at_ms + 10 * MINUTE_MS, account.user_id, client)
