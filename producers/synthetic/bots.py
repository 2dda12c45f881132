"""Bots: known crawlers from their operators' networks, and scripts from data centres."""

from random import Random
from typing import NamedTuple

from producers.synthetic.identifiers import hex64, uuid4


class Bot(NamedTuple):
    """``network`` is the first three octets of its addresses; ``runs_scripts``: it executes the site's tracker."""

    weight: float
    useragent: str
    network: str
    runs_scripts: bool


_GOOGLE = (
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/139.0.7258.154 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
)
_GPT = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)"
_BING = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"
_CLAUDE = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)"
_APPLE = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/13.1.1 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)"
)
_HEADLESS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/129.0.0.0 Safari/537.36"
)

BOTS = (
    Bot(0.34, _GOOGLE, "66.249.66", True),
    Bot(0.08, "Googlebot-Image/1.0", "66.249.75", False),
    Bot(0.15, _BING, "40.77.167", True),
    Bot(0.12, _GPT, "20.171.207", False),
    Bot(0.05, _CLAUDE, "216.73.216", False),
    Bot(0.05, _APPLE, "17.241.75", True),
    Bot(0.05, "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "54.36.148", False),
    Bot(0.04, "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", "87.250.224", False),
    Bot(0.03, "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "69.171.249", False),
    Bot(0.04, _HEADLESS, "34.86.41", True),
    Bot(0.03, "python-requests/2.32.3", "167.99.14", False),
    Bot(0.01, "Scrapy/2.11.2 (+https://scrapy.org)", "95.217.33", False),
    Bot(0.01, "curl/8.5.0", "141.94.77", False),
)
_WEIGHTS = [bot.weight for bot in BOTS]


def random_bot(rng: Random) -> Bot:
    """A random bot, weighted by traffic."""
    return rng.choices(BOTS, _WEIGHTS)[0]


class BotActor(NamedTuple):
    """``json`` is the JSON object ``actor``: without an account, and with ids only if the bot runs the tracker."""

    json: bytes
    domain_userid: bytes | None
    domain_sessionid: bytes | None


def actor(bot: Bot, rng: Random) -> BotActor:
    address = f"{bot.network}.{rng.randint(1, 254)}"
    client = b'"user_ipaddress":"%b","useragent":"%b"' % (address.encode(), bot.useragent.encode())
    if not bot.runs_scripts:
        return BotActor(b"{%b}" % client, None, None)
    browser, session = uuid4(rng), b"%b-%b" % (hex64(rng), hex64(rng))
    json = b'{"domain_userid":"%b","domain_sessionid":"%b",%b}' % (browser, session, client)
    return BotActor(json, browser, session)
