"""Innocent people of whom much is new at once."""

from producers.synthetic import devices
from producers.synthetic.attacks import clients, places
from producers.synthetic.attacks.networks import CARRIER, random_address
from producers.synthetic.attacks.script import HOUR_MS, MINUTE_MS, Script

_FLIGHT_KMH = 700.0
_GERMANY = tuple(place for place in places.EUROPE if place.country == "DE")
"""Where the carriers are."""


def moved_owner(script: Script) -> None:
    """A new home for good, in half of the cases in another country, in half with a new device; the second factor is
    passed at the first sign-in. Orders there, and again the next days.
    """
    rng, account = script.rng, script.cast.account()
    there = rng.choice((places.abroad, places.elsewhere))(account.place, rng)
    home = places.address(there, rng)
    device = account.person.browser if rng.random() < 0.5 else devices.browser(account.place.region, rng)
    for day in range(rng.randint(2, 3)):
        at_ms = (24 * day + rng.uniform(0, 3)) * HOUR_MS
        client = clients.of_device(device, home.encode(), rng)
        script.sign_in(at_ms, account.user_id, client, mfa="none" if day else "passed")
        script.check_out(at_ms + rng.uniform(5, 60) * MINUTE_MS, account.user_id, client)


def traveller_with_new_sim(script: Script) -> None:
    """Signs in at home; after a flight the known device is in another country, where its address changes within the
    session, as a telephone's does; then orders.
    """
    rng, account = script.rng, script.cast.account()
    script.sign_in(0, account.user_id, account.at_home(rng))
    there = rng.choice((*places.FAR, places.abroad(account.place, rng)))
    landed = 3 * HOUR_MS + places.kilometres(account.place, there) / _FLIGHT_KMH * HOUR_MS
    client = account.at(places.address(there, rng), rng)
    script.sign_in(landed, account.user_id, client)
    for number in range(rng.randint(1, 3)):
        client = client.moved(places.address(there, rng))
        script.check_out(landed + (number + rng.uniform(0.2, 1)) * HOUR_MS, account.user_id, client)


def password_manager(script: Script) -> None:
    """A day, one person with 4 to 8 devices, old and new, at home and on the way: every sign-in succeeds, the second
    factor is passed on every new device; a new password, and an order.
    """
    rng, account = script.rng, script.cast.account(script.rng.choice(_GERMANY))
    on_the_way = random_address(rng.choice(CARRIER).block, rng).encode()
    client = account.at_home(rng)
    script.sign_in(0, account.user_id, client)
    at_ms = 0.0
    for _ in range(rng.randint(3, 7)):
        at_ms += rng.uniform(0.2, 3) * HOUR_MS
        device = devices.browser(account.place.region, rng)
        client = clients.of_device(device, rng.choice((account.person.home, on_the_way)), rng)
        script.sign_in(at_ms, account.user_id, client, mfa="passed")
    script.change(at_ms + 5 * MINUTE_MS, "password_change", account.user_id, client)
    script.check_out(at_ms + 30 * MINUTE_MS, account.user_id, client)


def persistent_owner(script: Script) -> None:
    """9 wrong passwords within 3 to 15 minutes at home with the usual device, then a reset, success, and an order."""
    rng, account = script.rng, script.cast.account()
    client, length = account.at_home(rng), rng.uniform(3, 15) * MINUTE_MS
    for at_ms in script.moments(9, length):
        script.sign_in(at_ms, account.user_id, client, reason="wrong_password")
    reset = length + rng.uniform(1, 10) * MINUTE_MS
    script.change(reset, "password_change", account.user_id, client, reason="reset")
    script.sign_in(reset + MINUTE_MS, account.user_id, client)
    script.check_out(reset + 20 * MINUTE_MS, account.user_id, client)
