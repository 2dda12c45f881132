"""Addresses of pages: their site, and why nothing can be said of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.lookup_api.lookups import Kind
from core.derived.web.page_address import beginning, read_page, site_of, why_nothing


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("https://www.shop.example/l/1?x=http://b.example/", "shop.example"),
        ("HTTP://Shop.Example:8080", "shop.example"),
        ("https://shop.example?x=1/2", "shop.example"),
        ("https://shop.example#a/b", "shop.example"),
        ("https://user@shop.example./", "shop.example"),
        ("a://b/c/d/e/f", "b"),
        ("http:///shop.example/", None),
        ("shop.example/l/1", None),
        ("/l/1", None),
        ("", None),
        (f"https://{'a' * 400}.example/", None),
    ],
)
def test_site(address: str, site: str | None) -> None:
    assert site_of(address) == site


ADDRESSES = st.text(st.characters()) | st.lists(
    st.sampled_from(
        ["http", "s", "://", ":", "a.b", "/", "?", "#", "@", "www.", " ", "\n", "-", "app", "android-app://", "A+1."]
    )
).map("".join)


@given(ADDRESSES)
def test_the_site_is_that_of_the_page(address: str) -> None:
    page = read_page(address)
    assert site_of(address) == (None if page is None else page.host.removeprefix("www."))


@given(
    blank=st.sampled_from(["", " ", "\t\n", "\u3000"]),
    scheme=st.from_regex(r"[a-z][a-z0-9+.-]{0,40}", fullmatch=True),
    rest=st.sampled_from(["", "/", "/b", "/b/c?d=e#f", "?a=/b", "#/b", " ", " /b", ":8080/b"]),
)
def test_the_site_is_that_of_the_page_whatever_its_scheme(blank: str, scheme: str, rest: str) -> None:
    address = f"{blank}{scheme}://www.shop.example{rest}"
    assert site_of(address) == (None if rest == " /b" else "shop.example")


@given(kind=st.sampled_from(["referrer", "campaign"]), address=ADDRESSES)
def test_the_beginning_tells_why_nothing_can_be_said(kind: Kind, address: str) -> None:
    assert why_nothing(kind, beginning(address)) == why_nothing(kind, address)


@pytest.mark.parametrize(
    ("kind", "text", "status"),
    [
        ("useragent", " ", "missing"),
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
def test_why_nothing_can_be_said(kind: Kind, text: str, status: str) -> None:
    assert why_nothing(kind, text).status == status
