"""Somebody else gets into an account and uses it."""

from random import Random

from producers.synthetic import devices
from producers.synthetic.attacks import clients, places
from producers.synthetic.attacks.acts import ActName
from producers.synthetic.attacks.cast import Account
from producers.synthetic.attacks.clients import Client
from producers.synthetic.attacks.networks import hosted
from producers.synthetic.attacks.places import Place
from producers.synthetic.attacks.script import HOUR_MS, MINUTE_MS, Script
from producers.synthetic.attacks.stuffing import stuff

_CHANGES: tuple[ActName, ...] = ("email_change", "password_change", "payout_change")


def take_over(script: Script) -> None:
    """A stolen password, in half of the cases found by stuffing half an hour before: sign-in with a new device in a new
    country and network, a change within minutes, then checkout; below: the new device is in the person's own country,
    and there is a change and no checkout.
    """
    rng, account = script.rng, script.cast.account()
    if not script.above:
        thief = _new_device(places.elsewhere(account.place, rng), rng)
        script.sign_in(0, account.user_id, thief)
        script.change(15 * MINUTE_MS, "email_change", account.user_id, thief)
        return
    start = 0
    if rng.random() < 0.5:
        tool = clients.tool(clients.tool_agent(rng), hosted(rng))
        stuff(script, [tool], attempts=30, users=22, minutes=12)
        script.sign_in(6 * MINUTE_MS, account.user_id, tool, reason="wrong_password")
        start = 40 * MINUTE_MS
    thief = _new_device(places.abroad(account.place, rng), rng)
    script.sign_in(start, account.user_id, thief)
    _use(script, start, account, thief)


def session_hijack(script: Script) -> None:
    """The person signs in at home; 10 minutes later a tool goes on with the session's cookies from a hosting address;
    below: the thief imitates the browser and is in the same country.
    """
    rng, account = script.rng, script.cast.account()
    own = account.at_home(rng)
    script.sign_in(0, account.user_id, own, is_innocent=True)
    if script.above:
        thief = clients.with_cookies_of(own, clients.tool(clients.tool_agent(rng), hosted(rng)))
    else:
        thief = own.moved(places.address(places.elsewhere(account.place, rng), rng))
    _use(script, 10 * MINUTE_MS, account, thief)


def impossible_traveller_attack(script: Script) -> None:
    """The person signs in at home; 20 minutes later somebody signs in on another continent; below: a day later."""
    rng, account = script.rng, script.cast.account()
    script.sign_in(0, account.user_id, account.at_home(rng), is_innocent=True)
    later = 20 * MINUTE_MS if script.above else 23 * HOUR_MS
    thief = _new_device(rng.choice(places.FAR), rng)
    script.sign_in(later, account.user_id, thief)
    if script.above:
        _use(script, later, account, thief)


def _new_device(place: Place, rng: Random) -> Client:
    return clients.of_device(devices.browser(place.region, rng), places.address(place, rng).encode(), rng)


def _use(script: Script, at_ms: float, account: Account, thief: Client) -> None:
    """A change of the account, in some cases two, and a checkout."""
    rng = script.rng
    for number, what in enumerate(rng.sample(_CHANGES, rng.randint(1, 2))):
        script.change(at_ms + (2 + 2 * number + rng.random()) * MINUTE_MS, what, account.user_id, thief)
    script.check_out(at_ms + rng.uniform(8, 20) * MINUTE_MS, account.user_id, thief)
