"""Clients that claim to be a search engine's crawler."""

from producers.synthetic.attacks import clients
from producers.synthetic.attacks.networks import hosted
from producers.synthetic.attacks.script import MINUTE_MS, Script

CLAIMS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
)


def lying_crawler(script: Script) -> None:
    """10 minutes, 20 to 40 requests from a hosting address whose agent claims Googlebot or bingbot; below: 20 to 40
    whose agent is a tool's and claims nothing.
    """
    agent = script.rng.choice(CLAIMS) if script.above else clients.tool_agent(script.rng)
    client = clients.tool(agent, hosted(script.rng))
    for at_ms in script.moments(script.rng.randint(20, 40), 10 * MINUTE_MS):
        script.request(at_ms, client)
