"""What is derived in the job is what the lookup service answers for the same text."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.purposes.model import EVERYTHING
from core.derived.interface import Settings
from core.derived.web.crawler_rules import parse_crawler_rules
from core.flat_event import BadRow
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.registry import REGISTRY
from lookup_service.sources.derived import (
    CampaignOptions,
    ReferrerOptions,
    TextKind,
    TextSource,
    UserAgentOptions,
    open_campaign,
    open_referrer,
    open_user_agent,
)
from tests.core.samples import raw
from tests.memory import kept

SOURCES: dict[TextKind, TextSource] = {
    "useragent": open_user_agent(UserAgentOptions()),
    "referrer": open_referrer(ReferrerOptions(internal_hosts=("shop.example",))),
    "campaign": open_campaign(CampaignOptions()),
}
HOSTS = frozenset({"shop.example"})
DERIVED = REGISTRY.bind(FragmentBuilder((EVERYTHING,)), Settings(HOSTS))
NAMES: dict[TextKind, str] = {"useragent": "user_agent", "referrer": "referrer", "campaign": "campaign"}
PREPARED = flatten(raw({"context.page_url": ...}), 1, 1)
assert not isinstance(PREPARED, BadRow)
FIELDS = PREPARED.fields
TEXTS = st.text(st.characters(), max_size=100) | st.lists(
    st.sampled_from(
        [
            *(
                "http://",
                "https://",
                "app://",
                "market-app://",
                "www.",
                "shop.example",
                "google.com",
                "/",
                "?",
                "#",
                "&",
                "&amp;",
                "=",
                ";",
                "%",
            ),
            *("utm_source", "utm%5Fmedium", "gclid", "q", "a", "-", " ", "@", "a" * 301, "Googlebot/2.1", "\ud800"),
        ]
    ),
    max_size=12,
).map("".join)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(kind=st.sampled_from(get_args(TextKind)), text=TEXTS)
def test_job_and_service_say_the_same_of_any_text(kind: TextKind, text: str) -> None:
    for _ in range(2):  # worked out, then remembered
        answer, result = DERIVED[NAMES[kind]](text, FIELDS, ()), SOURCES[kind].lookup_one(text)
        assert answer.status == result.status
        assert answer.value == (b"" if isinstance(result.value, msgspec.UnsetType) else bytes(result.value))


@pytest.mark.slow
@pytest.mark.parametrize("kind", get_args(TextKind))
def test_long_texts_do_not_fill_the_memory(kind: TextKind) -> None:
    """65,536 addresses of 8,192 characters would be more than a task has."""
    rules = parse_crawler_rules(("deny agent nobody", "deny network 192.0.2.0/24"))
    derive = REGISTRY.bind(FragmentBuilder((EVERYTHING,)), Settings(HOSTS, rules))[NAMES[kind]]
    texts = 300
    made = (f"https://a{number:06d}.example/?q={'x' * 8_000}" for number in range(texts))
    assert kept(lambda text: derive(text, FIELDS, ()), made) < texts * 2_000


@pytest.mark.parametrize("kind", get_args(TextKind))
@pytest.mark.parametrize("text", ["", " ", "-"])
def test_blank_is_missing(kind: TextKind, text: str) -> None:
    assert DERIVED[NAMES[kind]](text, FIELDS, ()).status == "missing"


@pytest.mark.parametrize(
    ("text", "page"),
    [
        (" https://shop.test/x", "https://shop.test/b"),
        ("https://www.shop.test/x", " https://shop.test/b"),
        ("android-app://com.market.app/x", "android-app://com.market.app/y?z"),
        ("app.market://home", "app.market://home/1"),
        ("https://shop.test", "https://shop.test?a#b"),
    ],
)
def test_a_referrer_of_the_pages_own_site_is_internal_however_both_are_written(text: str, page: str) -> None:
    prepared = flatten(raw({"context.page_url": page}), 1, 1)
    assert not isinstance(prepared, BadRow)
    answer = DERIVED["referrer"](text, prepared.fields, ())
    assert msgspec.json.decode(answer.value)["refr_medium"] == "internal"


@pytest.mark.parametrize("text", ["marketapp://item/1", "capacitor://localhost/a", " https://shop.example/a"])
def test_a_page_of_an_application_that_has_no_campaign_is_sound(text: str) -> None:
    assert DERIVED["campaign"](text, FIELDS, ()).status == "missing"
