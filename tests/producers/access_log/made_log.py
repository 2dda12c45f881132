"""An access log as a web server writes it, generated from a seed.

Visits of people with referrers and assets, crawlers, scanners, IPv6, escapes, and one truncated line.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

from producers.synthetic import addresses, bots
from producers.synthetic import user_agents as useragents

LINES = 10_000
CUT_OFF = 8_899
"""The number, from 1, of the line that ends within its user agent."""
BEGAN = datetime(2015, 5, 17, 10, 5, 3, tzinfo=UTC)
_DAYS = 4
_VISITORS = 1_750
_SITE = "http://blog.example"
_PAGES = (
    "/",
    "/articles/",
    "/articles/dynamic-dns-with-dhcp/",
    "/articles/ssh-security/",
    "/projects/xdotool/",
    "/projects/keynav/?lang=en",
    "/blog/tags/puppet?flav=rss20",
    "/blog/geekery/solving-good-or-bad-problems.html",
    "/presentations/logs-2013/",
    "/files/keys/2010.pub",
)
_ASSETS = ("/reset.css", "/style2.css", "/favicon.ico", "/images/web/2009/banner.png", "/images/jordan-80.png")
_REFERRERS = (
    "https://www.google.com/",
    "https://www.google.de/search?q=xdotool&ie=utf-8",
    "http://duckduckgo.com/",
    "https://t.co/abc",
    "https://www.facebook.com/",
    "https://news.example/item?id=7",
    "-",
    "-",
)
_SCANS = (
    ("GET /wp-login.php HTTP/1.1", 404, 287),
    ("POST /xmlrpc.php HTTP/1.0", 404, 290),
    (r"\x16\x03\x01\x02", 400, 226),
    ("GET http://other.example/probe HTTP/1.1", 404, 301),
    ("-", 408, 0),
)


@cache
def made_log(lines: int = LINES) -> bytes:
    """The same bytes for the same number of lines; each line ends with a newline."""
    return b"".join(_lines(lines))


def _lines(lines: int) -> Iterator[bytes]:
    rng = Random("access log")
    step = timedelta(days=_DAYS) / lines
    people = [(addresses.home(addresses.random_region(rng), rng), useragents.browser(rng)[0]) for _ in range(_VISITORS)]
    for number in range(1, lines + 1):
        line = _line(BEGAN + step * (number - 1), number, people, rng)
        yield (line[: len(line) - 20] if number == CUT_OFF else line).encode() + b"\n"


def _line(at: datetime, number: int, people: list[tuple[str, str]], rng: Random) -> str:
    kind = rng.random()
    if kind < 0.02:
        request, status, size = _SCANS[number % len(_SCANS)]
        return _written(addresses.ipv4((185,), rng), at, request, (status, size), ("-", "-"))
    if kind < 0.2:
        bot = bots.random_bot(rng)
        path = rng.choice((*_PAGES, "/robots.txt"))
        size = rng.randrange(100, 60_000)
        return _written(
            f"{bot.network}.{number % 250 + 1}", at, f"GET {path} HTTP/1.1", (200, size), ("-", bot.useragent)
        )
    # Every visitor occurs at least once, the first ones more often.
    address, agent = people[number % _VISITORS if rng.random() < 0.5 else int(_VISITORS * rng.random() ** 3)]
    if kind < 0.6:
        request, referrer = f"GET {rng.choice(_ASSETS)} HTTP/1.1", _SITE + rng.choice(_PAGES)
    else:
        request, referrer = f"GET {rng.choice(_PAGES)} HTTP/1.1", rng.choice(_REFERRERS)
    status = rng.choices((200, 304, 404, 301, 206, 500), (88, 5, 3, 2, 1.5, 0.5))[0]
    size = 0 if status == 304 else rng.randrange(80, 200_000)
    return _written(address, at, request, (status, size), (referrer, agent))


def _written(client: str, at: datetime, request: str, answer: tuple[int, int], seen: tuple[str, str]) -> str:
    (status, size), (referrer, agent) = answer, seen
    return f'{client} - - [{at:%d/%b/%Y:%H:%M:%S %z}] "{request}" {status} {size or "-"} "{referrer}" "{agent}"'
