"""Credential stuffing and password spraying: many accounts are tried, each a few times.

The numbers in "above" and "below" are about the thresholds of the rules: docs/reference/generated_attacks.md.
"""

from collections.abc import Sequence

from producers.synthetic.attacks import clients
from producers.synthetic.attacks.clients import Client
from producers.synthetic.attacks.networks import HOSTING, hosted, random_address, random_addresses
from producers.synthetic.attacks.script import MINUTE_MS, Script

_UNKNOWN_USER_SHARE = 0.3


def credential_stuffing_address(script: Script) -> None:
    """15 minutes, one address: 28 to 34 failures on 20 to 24 accounts; below: 22 on 13, several of them tried often."""
    source = clients.tool(clients.tool_agent(script.rng), hosted(script.rng))
    if script.above:
        stuff(script, [source], attempts=script.rng.randint(28, 34), users=script.rng.randint(20, 24), minutes=12)
    else:
        tries(script, [source], [1] * 8 + [2, 3, 3, 3, 3], minutes=12)


def credential_stuffing_network(script: Script) -> None:
    """15 minutes, many addresses of one provider, one tool: 45 to 60 failures on 35 to 40 accounts; below: 22 on 13."""
    agent, rng = clients.tool_agent(script.rng), script.rng
    addresses = random_addresses(rng.choice(HOSTING).block, 20 if script.above else 12, rng)
    sources = [clients.tool(agent, address) for address in addresses]
    if script.above:
        stuff(script, sources, attempts=rng.randint(45, 60), users=rng.randint(35, 40), minutes=13)
    else:
        tries(script, sources, [1] * 8 + [2, 3, 3, 3, 3], minutes=13)


def password_spray_address(script: Script) -> None:
    """An hour, one address: 8 to 10 accounts, 3 or 4 attempts each, over 40 minutes; below: 4 accounts, 3 each."""
    source = clients.tool(clients.tool_agent(script.rng), hosted(script.rng))
    counts = [script.rng.randint(3, 4) for _ in range(script.rng.randint(8, 10))] if script.above else [3] * 4
    tries(script, [source], counts, minutes=40)


def password_spray_client(script: Script) -> None:
    """15 minutes, one tool at addresses of several providers: 7 to 9 addresses, 12 to 14 accounts, 3 attempts each;
    below: 4 addresses, 7 accounts, 18 attempts.
    """
    agent, rng = clients.tool_agent(script.rng), script.rng
    count = rng.randint(7, 9) if script.above else 4
    sources = [clients.tool(agent, random_address(HOSTING[n % len(HOSTING)].block, rng)) for n in range(count)]
    tries(script, sources, [3] * rng.randint(12, 14) if script.above else [3, 3, 3, 3, 2, 2, 2], minutes=13)


def stuff(script: Script, sources: Sequence[Client], *, attempts: int, users: int, minutes: float) -> None:
    """One attempt for each of the accounts, two for as many as ``attempts`` needs."""
    tries(script, sources, [2] * (attempts - users) + [1] * (2 * users - attempts), minutes=minutes)


def tries(script: Script, sources: Sequence[Client], counts: Sequence[int], *, minutes: float) -> None:
    """For each count an account, tried so often; the attempts are mixed, and go over the sources in turn."""
    rng = script.rng
    attempts: list[tuple[bytes, str]] = []
    for count in counts:
        unknown = rng.random() < _UNKNOWN_USER_SHARE
        account = script.cast.new_account() if unknown else script.cast.target()
        attempts += [(account, "unknown_user" if unknown else "wrong_password")] * count
    rng.shuffle(attempts)
    for number, at_ms in enumerate(script.moments(len(attempts), minutes * MINUTE_MS)):
        account, reason = attempts[number]
        script.sign_in(at_ms, account, sources[number % len(sources)], reason=reason)
