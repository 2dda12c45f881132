"""User agents and crawlers: documented ones are known, and no text makes the functions raise."""

import os
import re
import subprocess
import sys
import time

import msgspec
import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.lookup_api.lookups import UserAgent
from core.derived.user_agent import parse_user_agent
from core.derived.web.crawlers import crawler_name, read_crawler

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
PATTERNS = [re.compile(entry["pattern"]) for entry in CRAWLER_USER_AGENTS_DATA]
ANY_TEXT = st.text(st.characters(), max_size=300)  # lone surrogates, too
LIKE_ONE = st.lists(
    st.sampled_from([CHROME, "bot", "/", "(", ")", "Mozilla/5.0 ", ";", "\ud800", "é", "+http://"])
).map("".join)


def test_a_browser() -> None:
    assert parse_user_agent(CHROME) == UserAgent(
        user_agent_name="Chrome",
        user_agent_version="126.0.0.0",
        user_agent_os_name="Windows",
        user_agent_os_version="10",
        user_agent_is_crawler=False,
    )


def test_a_telephone() -> None:
    assert parse_user_agent(IPHONE) == UserAgent(
        user_agent_name="Mobile Safari",
        user_agent_version="17.5",
        user_agent_os_name="iOS",
        user_agent_os_version="17.5",
        user_agent_device_name="iPhone",
        user_agent_is_crawler=False,
    )


def test_a_crawler() -> None:
    found = parse_user_agent(GOOGLEBOT)
    assert found is not None
    assert (found.user_agent_is_crawler, found.user_agent_crawler_name) == (True, "Googlebot")


def test_a_crawler_that_only_the_user_agent_parser_knows() -> None:
    text = "Mozilla/5.0 (compatible; UnheardOfBot/1.0)"
    assert crawler_name(text) is None
    found = parse_user_agent(text)
    assert found is not None
    assert (found.user_agent_is_crawler, found.user_agent_crawler_name) == (True, "UnheardOfBot")


@pytest.mark.parametrize("text", ["", " ", "-"])
def test_no_user_agent(text: str) -> None:
    assert parse_user_agent(text) is None


@pytest.mark.parametrize(
    "text", ["\0", "\ud800", "nothing known", "UniversalFeedParser/5.2.1 +https://code.google.com/p/feedparser/"]
)
def test_an_agent_that_no_rule_knows_is_known_as_unknown(text: str) -> None:
    assert parse_user_agent(text) == UserAgent(user_agent_is_crawler=False)


def test_a_crawler_that_the_user_agent_parser_does_not_know() -> None:
    assert parse_user_agent("Feedwind") == UserAgent(user_agent_is_crawler=True, user_agent_crawler_name="Feedwind")


WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    "text",
    [
        "MarketApp/7.1 (com.market.app; Android 14) okhttp/4.12.0",
        "okhttp/4.12.0 MarketApp/7.1 (Android 14)",
        "ShopApp/3.2.1 (Linux; U; Android 13; de_DE; Pixel 7; Build/TQ3A) okhttp/4.9.3",
        "MarketApp/7.1 (iPhone; iOS 17.5; Scale/3.00) axios/1.6.0",
        "MarketApp/7.1 CFNetwork/1485 Darwin/23.1.0",
        "ScanShop/2.0 (Android 14) okhttp/4.12.0",
        "PriceMonitor/2.0 (com.pm; Android 14) okhttp/4.12.0",
        "FetchShop/3.1 (com.fetch; iPhone; iOS 17.5) axios/1.6.0",
        "PreviewShop/3.1 (Android 14) node-fetch/1.0",
        "MarketApp 7.1 (Android 14) okhttp/4.12.0",
        "MarketApp v7 (Android 14) okhttp/4.12.0",
        "MarketApp/7.1 Android/14 okhttp/4.12.0",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} WhatsApp/2.2414.5 Chrome/120.0 Electron/28 Safari/537.36",
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Viber/20.3.0 Chrome/112.0 Safari/537.36",
        f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} QtWebEngine/5.15 Chrome/87.0 Safari/537.36 Viber",
        f"Mozilla/5.0 (Linux; Android 16; wv) {WEBKIT} Version/4.0 Chrome/146.0 Mobile Safari/537.36 MetaIAB Facebook",
    ],
)
def test_a_persons_application_is_no_crawler(text: str) -> None:
    found = parse_user_agent(text)
    assert found is not None
    assert (found.user_agent_is_crawler, found.user_agent_crawler_name) == (False, None)
    assert found.user_agent_device_name != "Spider"


@pytest.mark.parametrize(
    "text",
    [
        "okhttp/4.12.0",
        "okhttp/4.12.0 (Linux; Android 14)",
        "Android/14 okhttp/4.12.0",
        "Android 14 okhttp/4.12.0 axios/1.6.0",
        "PriceCrawler/2.0 (Android 14) okhttp/4.12.0",
        "WhatsApp/2.23.20.0 A",
        "Viber",
        "AcmeBot/1.0 (Android 14) okhttp/4.12.0",
        "Mozilla/5.0 (Linux; Android 14) WhatsApp/2 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "python-requests/2.31 (Android 14)",
        f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} HeadlessChrome/120.0 WhatsApp/2.2 Safari/537.36",
    ],
)
def test_what_only_looks_like_an_application_is_a_crawler(text: str) -> None:
    found = parse_user_agent(text)
    assert found is not None
    assert found.user_agent_is_crawler


@pytest.mark.parametrize("text", [CHROME, "nothing known"])
def test_the_operators_word_comes_before_the_list(text: str) -> None:
    denied, allowed = parse_user_agent(text, is_crawler=True), parse_user_agent(GOOGLEBOT, is_crawler=False)
    assert denied is not None
    assert allowed is not None
    assert denied.user_agent_is_crawler
    assert (allowed.user_agent_is_crawler, allowed.user_agent_crawler_name) == (False, None)
    assert allowed.user_agent_device_name != "Spider"


@pytest.mark.parametrize(
    ("text", "name"),
    [("Wget/1.20", "wget"), ("curl/8.5.0", "curl"), ("python-requests/2.31", "python-requests"),
     ("Mozilla/5.0 (compatible; AhrefsBot/7.0)", "AhrefsBot"), ("AdsBot-Google (+http://x)", "AdsBot-Google")],
)  # fmt: skip
def test_names_of_crawlers(text: str, name: str) -> None:
    assert crawler_name(text) == name


def test_every_example_is_known_and_every_pattern_has_a_name() -> None:
    unknown = [
        example for entry in CRAWLER_USER_AGENTS_DATA for example in entry["instances"] if not crawler_name(example)
    ]
    # Meta's in-app browser (IAB) is a person's.
    assert [text for text in unknown if "MetaIAB Facebook" not in text] == []


@settings(deadline=None)  # a thousand expressions one by one
@given(text=LIKE_ONE | ANY_TEXT)
def test_the_matcher_and_the_plain_patterns_agree(text: str) -> None:
    text = text.replace("\ud800", "?").encode("utf-8", "replace").decode()
    plain = any(pattern.search(text) for pattern in PATTERNS)
    found = read_crawler(text)
    assert (found.name is not None or found.is_person) == plain


@given(text=ANY_TEXT | LIKE_ONE)
def test_any_text(text: str) -> None:
    found = parse_user_agent(text)
    if found is not None:
        assert msgspec.json.decode(msgspec.json.encode(found), type=UserAgent) == found
        assert found.user_agent_is_crawler is not None


@pytest.mark.servers
def test_the_rules_load_in_an_interpreter_whose_locale_is_ascii() -> None:
    # As inside a JVM that was started without a locale.
    script = "from core.derived.web.crawlers import crawler_name, read_crawler; print(crawler_name('Googlebot/2.1'))"
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "Googlebot\n"


NAMES_OF_APPLICATIONS = (
    "WhatsApp ",
    "Viber ",
    "MetaIAB Facebook ",
    "okhttp/4 ",
    "axios/1 ",
    "aiohttp/3 ",
    "AHC/2 ",
    "Apache-HttpClient/4 ",
    "HttpUrlConnection/1 ",
    "CustomAsyncHttpClient ",
    "node-fetch/1 ",
)


@pytest.mark.parametrize("name", NAMES_OF_APPLICATIONS)
@pytest.mark.parametrize("repeated", ["(", ")", " ", "a", "a/", "a ", "(a", " a-", "(Android", "(a)", "Android/"])
def test_a_hostile_user_agent_takes_no_longer_than_another_of_its_length(name: str, repeated: str) -> None:
    text = name + repeated * (40_000 // len(repeated))
    read_crawler(name)
    began = time.process_time()
    read_crawler(text)
    assert time.process_time() - began < 1.0  # milliseconds; with the square of the length half a minute
