"""Why a derived enrichment has nothing to say of a text."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.derived import campaign, referrer, user_agent
from core.derived.interface import Settings
from core.derived.web.page_address import beginning
from tests.core.derived.web.test_page_address import ADDRESSES

OF_TEXT: dict[str, Callable[[str], object]] = {
    "user_agent": lambda text: user_agent.compute(text, None, None, settings=Settings()),
    "referrer": lambda text: referrer.compute(text, None, settings=Settings()),
    "campaign": campaign.compute,
}


@given(name=st.sampled_from(["referrer", "campaign"]), address=ADDRESSES)
def test_the_beginning_of_an_address_tells_the_reason(name: str, address: str) -> None:
    whole, start = OF_TEXT[name](address), OF_TEXT[name](beginning(address))
    assert not isinstance(whole, str) or whole == start


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("user_agent", " ", "missing"),
        ("referrer", "", "missing"),
        ("referrer", "-", "missing"),
        ("referrer", "shop.example/l", "invalid"),
        ("referrer", "about:blank", "invalid"),
        ("campaign", "https://shop.example/", "missing"),
        ("campaign", "/l/1", "missing"),
        ("campaign", "app://screen/home", "missing"),
        ("campaign", "marketapp://item/1", "missing"),
        ("campaign", "android-app://com.market.app/x", "missing"),
        ("campaign", "capacitor://localhost/a", "missing"),
        ("campaign", "chrome-extension://abc/x", "missing"),
        ("campaign", "app.market://home", "missing"),
        ("campaign", " https://shop.example/a", "missing"),
        ("campaign", "-?a", "invalid"),
        ("campaign", "", "missing"),
        ("campaign", "shop.example", "invalid"),
        ("campaign", "http://a b/", "invalid"),
        ("campaign", "\ud800", "invalid"),
    ],
)
def test_reason(name: str, text: str, reason: str) -> None:
    assert OF_TEXT[name](text) == reason
