"""User agents of people's browsers and of the marketplace's own application."""

from random import Random
from typing import NamedTuple

_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone"
_GALAXY = "Mozilla/5.0 (Linux; Android 14; SM-S921B"
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
DESKTOP_SCREENS = ((1920, 1080), (1536, 864), (1440, 900), (2560, 1440), (1366, 768))
PHONE_SCREENS = ((393, 852), (390, 844), (412, 915), (360, 800), (430, 932))

Screens = tuple[tuple[int, int], ...]


class Browser(NamedTuple):
    """``pattern`` has the placeholder ``{v}`` for the major version, which is in [first, last]."""

    weight: float
    pattern: str
    first: int
    last: int
    screens: Screens


BROWSERS = (
    Browser(0.34, f"{_WINDOWS}) {_WEBKIT} Chrome/{{v}}.0.0.0 Safari/537.36", 124, 140, DESKTOP_SCREENS),
    Browser(
        0.16,
        f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/{{v}}.0.0.0 Mobile Safari/537.36",
        122,
        140,
        PHONE_SCREENS,
    ),
    Browser(
        0.18,
        f"{_IPHONE} OS {{v}}_5 like Mac OS X) {_SAFARI} Version/{{v}}.5 Mobile/15E148 Safari/604.1",
        16,
        18,
        PHONE_SCREENS,
    ),
    Browser(
        0.10,
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_SAFARI} Version/{{v}}.3 Safari/605.1.15",
        16,
        18,
        DESKTOP_SCREENS,
    ),
    Browser(0.10, f"{_WINDOWS}; rv:{{v}}.0) Gecko/20100101 Firefox/{{v}}.0", 115, 143, DESKTOP_SCREENS),
    Browser(0.08, f"{_WINDOWS}) {_WEBKIT} Chrome/{{v}}.0.0.0 Safari/537.36 Edg/{{v}}.0.0.0", 124, 140, DESKTOP_SCREENS),
    Browser(
        0.04,
        f"{_GALAXY}) {_WEBKIT} SamsungBrowser/{{v}}.0 Chrome/121.0.0.0 Mobile Safari/537.36",
        24,
        28,
        PHONE_SCREENS,
    ),
)


class Phone(NamedTuple):
    """A phone that runs the application: maker, model, system version and their form in a user agent."""

    maker: str
    model: str
    system: str
    agent: str


PHONES = (
    Phone("Apple", "iPhone14,7", "17.6.1", "(iPhone; iOS 17.6.1; Scale/3.00)"),
    Phone("Apple", "iPhone15,3", "18.1", "(iPhone; iOS 18.1; Scale/3.00)"),
    Phone("Samsung", "SM-A546B", "14", "(Linux; U; Android 14; SM-A546B Build/UP1A.231005.007)"),
    Phone("Google", "Pixel 8", "15", "(Linux; U; Android 15; Pixel 8 Build/AP4A.250105.002)"),
    Phone("Xiaomi", "2201117TG", "13", "(Linux; U; Android 13; 2201117TG Build/TKQ1.221114.001)"),
)


def browser(rng: Random) -> tuple[str, tuple[int, int]]:
    """A random browser, weighted by traffic: user agent, and the screen's width and height in CSS pixels."""
    chosen = rng.choices(BROWSERS, [each.weight for each in BROWSERS])[0]
    return chosen.pattern.format(v=rng.randint(chosen.first, chosen.last)), rng.choice(chosen.screens)
