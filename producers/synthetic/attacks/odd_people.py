"""Innocent people who do something that attackers do, too."""

from producers.synthetic import devices
from producers.synthetic.attacks import clients, places
from producers.synthetic.attacks.networks import VPN, random_address
from producers.synthetic.attacks.script import HOUR_MS, MINUTE_MS, Script

_FLIGHT_KMH = 750.0
_AT_AIRPORTS_MS = 3 * HOUR_MS


def vpn_user(script: Script) -> None:
    """Signs in at home and an hour later over a VPN that ends in another country, with the same device; then orders."""
    rng, account = script.rng, script.cast.account()
    script.sign_in(0, account.user_id, account.at_home(rng))
    over_vpn = account.at(random_address(rng.choice(VPN).block, rng), rng)
    script.sign_in(HOUR_MS, account.user_id, over_vpn)
    script.check_out(HOUR_MS + 10 * MINUTE_MS, account.user_id, over_vpn)


def traveller(script: Script) -> None:
    """Signs in at home, and after a flight of realistic length in another country with the same device; then orders."""
    rng, account = script.rng, script.cast.account()
    script.sign_in(0, account.user_id, account.at_home(rng))
    there = rng.choice([*places.FAR, places.abroad(account.place, rng)])
    landed = _AT_AIRPORTS_MS + places.kilometres(account.place, there) / _FLIGHT_KMH * HOUR_MS
    hotel = account.at(places.address(there, rng), rng)
    script.sign_in(landed, account.user_id, hotel)
    script.check_out(landed + 30 * MINUTE_MS, account.user_id, hotel)


def forgotten_password(script: Script) -> None:
    """4 to 7 wrong passwords at home with the usual device, then a reset, then success."""
    rng, account = script.rng, script.cast.account()
    client = account.at_home(rng)
    count = rng.randint(4, 7)
    for number in range(count):
        script.sign_in(30_000 * (number + rng.random() / 2), account.user_id, client, reason="wrong_password")
    reset = 30_000 * count + 3 * MINUTE_MS
    script.change(reset, "password_change", account.user_id, client, reason="reset")
    script.sign_in(reset + MINUTE_MS, account.user_id, client)


def new_phone(script: Script) -> None:
    """Signs in with a new device at home, changes the password, and orders an hour later."""
    rng, account = script.rng, script.cast.account()
    client = clients.of_device(devices.browser(account.place.region, rng), account.person.home, rng)
    script.sign_in(0, account.user_id, client, mfa="passed")
    script.change(20 * MINUTE_MS, "password_change", account.user_id, client)
    script.check_out(80 * MINUTE_MS, account.user_id, client)
