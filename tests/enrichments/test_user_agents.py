"""User agents and crawlers: documented ones are known, and no text makes the functions raise."""

import os
import re
import subprocess
import sys

import msgspec
import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st

from contracts.lookup import UserAgent
from enrichments.crawler import crawler_name
from enrichments.user_agent import parse_user_agent

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
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


@pytest.mark.parametrize("text", ["", " ", "-", "\0", "\ud800", "nothing known"])
def test_nothing_known(text: str) -> None:
    assert parse_user_agent(text) is None


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
    assert unknown == []


@given(text=LIKE_ONE | ANY_TEXT)
def test_the_matcher_and_the_plain_patterns_agree(text: str) -> None:
    text = text.replace("\ud800", "?").encode("utf-8", "replace").decode()
    plain = any(re.search(entry["pattern"], text) for entry in CRAWLER_USER_AGENTS_DATA)
    assert (crawler_name(text) is not None) == plain


@given(text=ANY_TEXT | LIKE_ONE)
def test_any_text(text: str) -> None:
    found = parse_user_agent(text)
    if found is not None:
        assert msgspec.json.decode(msgspec.json.encode(found), type=UserAgent) == found
        assert found.user_agent_is_crawler is not None


def test_the_rules_load_in_an_interpreter_whose_locale_is_ascii() -> None:
    # As inside a JVM that was started without a locale.
    script = "from enrichments.crawler import crawler_name; print(crawler_name('Googlebot/2.1'))"
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "Googlebot\n"
