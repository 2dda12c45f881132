"""One account is tried often: its password is guessed, or a tool without cookies works on it."""

from producers.synthetic.attacks import clients
from producers.synthetic.attacks.networks import hosted
from producers.synthetic.attacks.script import MINUTE_MS, Script


def password_cracking(script: Script) -> None:
    """20 minutes, one account: 24 to 30 failures from two addresses; below: 8."""
    account, agent = script.cast.account(), clients.tool_agent(script.rng)
    sources = [clients.tool(agent, hosted(script.rng)) for _ in range(2)]
    count = script.rng.randint(24, 30) if script.above else 8
    for number, at_ms in enumerate(script.moments(count, 20 * MINUTE_MS)):
        script.sign_in(at_ms, account.user_id, sources[number % 2], reason="wrong_password")


def cookieless_tool(script: Script) -> None:
    """25 minutes, one account and address: 13 attempts, each with a new device id; below: 8 with 4 ids."""
    account, address, agent = script.cast.account(), hosted(script.rng), clients.tool_agent(script.rng)
    ids = 13 if script.above else 4
    sources = [clients.tool_with_new_ids(agent, address, script.rng) for _ in range(ids)]
    for number, at_ms in enumerate(script.moments(13 if script.above else 8, 25 * MINUTE_MS)):
        script.sign_in(at_ms, account.user_id, sources[number % ids], reason="wrong_password")
