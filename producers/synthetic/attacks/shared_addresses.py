"""Innocent people who share an address or a device."""

from collections.abc import Sequence

from producers.synthetic.attacks import places
from producers.synthetic.attacks.cast import Account
from producers.synthetic.attacks.networks import CARRIER, random_address
from producers.synthetic.attacks.script import HOUR_MS, MINUTE_MS, Script

_GERMANY = tuple(place for place in places.EUROPE if place.country == "DE")


def carrier_nat(script: Script) -> None:
    """Two hours, 60 phones behind one address of a mobile carrier: own devices, some wrong passwords, some orders."""
    address = random_address(script.rng.choice(CARRIER).block, script.rng)
    accounts = [script.cast.account(script.rng.choice(_GERMANY)) for _ in range(60)]
    _arrive(script, accounts, address, length_ms=2 * HOUR_MS, failure_share=0.15)


def office_proxy(script: Script) -> None:
    """Half an hour in the morning, 40 colleagues behind one address: own devices, some wrong passwords."""
    place = script.rng.choice(places.EUROPE)
    accounts = [script.cast.account(place) for _ in range(40)]
    address = places.address(place, script.rng)
    _arrive(script, accounts, address, length_ms=HOUR_MS / 2, failure_share=0.15)


def family_device(script: Script) -> None:
    """An evening, three accounts on one browser at one home."""
    first = script.cast.account()
    home, browser = first.person.home, first.person.browser
    others = [script.cast.account(first.place, home=home, browser=browser) for _ in range(2)]
    for at_ms, account in zip(script.moments(3, 2 * HOUR_MS), (first, *others), strict=True):
        client = account.at_home(script.rng)
        script.sign_in(at_ms, account.user_id, client)
        script.check_out(at_ms + 5 * MINUTE_MS, account.user_id, client)


def _arrive(
    script: Script, accounts: Sequence[Account], address: str, *, length_ms: float, failure_share: float
) -> None:
    rng = script.rng
    for at_ms, account in zip(script.moments(len(accounts), length_ms), accounts, strict=True):
        client = account.at(address, rng)
        if rng.random() < failure_share:
            script.sign_in(at_ms, account.user_id, client, reason="wrong_password")
        script.sign_in(at_ms + 20_000, account.user_id, client)
        if rng.random() < 0.2:
            script.check_out(at_ms + 10 * MINUTE_MS, account.user_id, client)
