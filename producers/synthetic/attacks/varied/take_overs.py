"""Somebody gets into one account, with its password, its mailbox or its session, from anywhere and in any haste."""

from producers.synthetic.attacks import clients, places
from producers.synthetic.attacks.networks import VPN, hosted, random_address
from producers.synthetic.attacks.script import HOUR_MS, MINUTE_MS, Script
from producers.synthetic.attacks.varied.use import strange_browser, use


def take_over_abroad(script: Script) -> None:
    """A new browser in another country, after up to three wrong passwords; no change or up to three, an order within
    hours.
    """
    rng, account = script.rng, script.cast.account()
    there = rng.choice((*places.FAR, places.abroad(account.place, rng)))
    thief = strange_browser(account, places.address(there, rng), rng)
    failures = rng.randint(0, 3)
    for number in range(failures):
        script.sign_in(number * 25_000, account.user_id, thief, reason="wrong_password")
    script.sign_in(failures * 25_000, account.user_id, thief)
    use(script, failures * 25_000, account, thief)


def take_over_by_vpn(script: Script) -> None:
    """A new browser over a VPN or a hosting provider; no change or up to three, an order within hours."""
    rng, account = script.rng, script.cast.account()
    address = rng.choice((hosted(rng), random_address(rng.choice(VPN).block, rng)))
    thief = strange_browser(account, address, rng)
    script.sign_in(0, account.user_id, thief)
    use(script, 0, account, thief)


def take_over_in_country(script: Script) -> None:
    """A new browser at a household of the same country, without a second factor; one to three changes and an order."""
    rng, account = script.rng, script.cast.account()
    thief = strange_browser(account, places.address(places.elsewhere(account.place, rng), rng), rng)
    script.sign_in(0, account.user_id, thief)
    use(script, 0, account, thief, least_changes=1)


def take_over_by_mailbox(script: Script) -> None:
    """Whoever has the mailbox resets the password, with a new browser abroad or over a VPN, signs in and orders."""
    rng, account = script.rng, script.cast.account()
    abroad = places.address(rng.choice(places.FAR), rng)
    address = rng.choice((abroad, random_address(rng.choice(VPN).block, rng)))
    thief = strange_browser(account, address, rng)
    script.change(0, "password_change", account.user_id, thief, reason="reset")
    entry = rng.uniform(0.3, 5) * MINUTE_MS
    script.sign_in(entry, account.user_id, thief)
    use(script, entry, account, thief)


def session_taken_over(script: Script) -> None:
    """The person signs in at home; minutes or hours later the session goes on abroad, over a VPN or at a hosting
    provider, with a tool or another browser; one to three changes and an order.
    """
    rng, account = script.rng, script.cast.account()
    own = account.at_home(rng)
    script.sign_in(0, account.user_id, own, is_innocent=True)
    abroad = places.address(rng.choice(places.FAR), rng)
    address = rng.choice((hosted(rng), random_address(rng.choice(VPN).block, rng), abroad))
    stranger = strange_browser(account, address, rng)
    if rng.random() < 0.5:
        stranger = clients.tool(clients.tool_agent(rng), address)
    thief = clients.with_cookies_of(own, stranger)
    use(script, rng.uniform(0.05, 6) * HOUR_MS, account, thief, least_changes=1)
