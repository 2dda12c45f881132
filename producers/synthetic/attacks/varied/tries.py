"""Passwords are tried, from any kind of origin and at any speed, and sometimes one is right."""

from producers.synthetic.attacks.cast import Account
from producers.synthetic.attacks.clients import Client
from producers.synthetic.attacks.networks import VPN, hosted, random_address
from producers.synthetic.attacks.script import HOUR_MS, MINUTE_MS, Script
from producers.synthetic.attacks.varied.origins import COMMON, Common, Origin
from producers.synthetic.attacks.varied.use import strange_browser, use

_FASTEST_MS = 200.0
_SLOWEST_MS: dict[Common, float] = {"address": 90_000.0, "network": 15_000.0, "client": 15_000.0, "device": 90_000.0}
"""Between two tries. What is tried from many addresses is tried fast, or nothing would tell it from typing errors."""


def varied_stuffing(script: Script) -> None:
    """30 to 90 accounts, one or two tries each, 0.2 s to 90 s between tries; one or two of the passwords are right at
    any time, and the account is used from the same client or another one.
    """
    rng = script.rng
    counts = [rng.choice((1, 1, 1, 2)) for _ in range(rng.randint(30, 90))]
    _try(script, counts, found=rng.randint(1, 2))


def varied_spraying(script: Script) -> None:
    """8 to 25 accounts, 3 to 5 tries each, 0.2 s to 90 s between tries; in half of the cases one password is right."""
    rng = script.rng
    counts = [rng.randint(3, 5) for _ in range(rng.randint(8, 25))]
    _try(script, counts, found=rng.randint(0, 1))


def varied_cracking(script: Script) -> None:
    """One account, 22 to 80 tries, 0.2 s to a minute between; in half of the cases the last one is right, and the
    account is used.
    """
    rng, account = script.rng, script.cast.account()
    origin = Origin(rng.choice(COMMON), rng)
    gap, at_ms = _FASTEST_MS * 300 ** rng.random(), 0.0
    for _ in range(rng.randint(22, 80)):
        script.sign_in(at_ms, account.user_id, origin.client(), reason="wrong_password")
        at_ms += gap * rng.uniform(0.5, 1.5)
    if rng.random() < 0.5:
        _get_in(script, at_ms, account, origin.client())


def _try(script: Script, counts: list[int], *, found: int) -> None:
    rng = script.rng
    origin = Origin(rng.choice(COMMON), rng)
    gap = _FASTEST_MS * (_SLOWEST_MS[origin.common] / _FASTEST_MS) ** rng.random()
    tries: list[tuple[bytes | None, str] | Account] = []
    unknown, named = rng.uniform(0, 0.6), rng.random() < 0.5
    for count in counts:
        if rng.random() < unknown:
            # A name that nobody has: some systems give it an id, others none.
            tries += [(script.cast.new_account() if named else None, "unknown_user")] * count
        else:
            tries += [(script.cast.target(), "wrong_password")] * count
    rng.shuffle(tries)
    for _ in range(found):
        tries.insert(rng.randrange(len(tries) + 1), script.cast.account())
    at_ms = 0.0
    for each in tries:
        if isinstance(each, Account):
            _get_in(script, at_ms, each, origin.client())
        else:
            script.sign_in(at_ms, each[0], origin.client(), reason=each[1])
        at_ms += gap * rng.uniform(0.5, 1.5)


def _get_in(script: Script, at_ms: float, account: Account, client: Client) -> None:
    """The right password; then the account is used at once, or up to 2 hours later by somebody with a browser."""
    rng = script.rng
    script.sign_in(at_ms, account.user_id, client)
    if rng.random() < 0.5:
        use(script, at_ms + rng.uniform(0.5, 10) * MINUTE_MS, account, client)
        return
    address = rng.choice((hosted(rng), random_address(rng.choice(VPN).block, rng)))
    thief = strange_browser(account, address, rng)
    later = at_ms + rng.uniform(0.1, 2) * HOUR_MS
    script.sign_in(later, account.user_id, thief)
    use(script, later, account, thief)
