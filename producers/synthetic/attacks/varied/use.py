"""What is done with an account that somebody else has got into."""

from random import Random

from producers.synthetic import devices
from producers.synthetic.attacks import clients
from producers.synthetic.attacks.acts import ActName
from producers.synthetic.attacks.cast import Account
from producers.synthetic.attacks.clients import Client
from producers.synthetic.attacks.script import MINUTE_MS, Script

CHANGES: tuple[ActName, ...] = ("email_change", "password_change", "payout_change", "mfa_change")


def use(script: Script, at_ms: float, account: Account, thief: Client, *, least_changes: int = 0) -> None:
    """Up to three changes, some minutes apart, and an order 2 minutes to 4 hours after them."""
    rng = script.rng
    for what in rng.sample(CHANGES, rng.randint(least_changes, 3)):
        at_ms += rng.uniform(0.3, 10) * MINUTE_MS
        script.change(at_ms, what, account.user_id, thief)
    script.check_out(at_ms + 2 * MINUTE_MS * 120 ** rng.random(), account.user_id, thief)


def strange_browser(account: Account, address: str, rng: Random) -> Client:
    """A browser that the account does not know."""
    return clients.of_device(devices.browser(account.place.region, rng), address.encode(), rng)
