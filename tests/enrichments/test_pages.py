"""Addresses of pages: their site, and why nothing can be said of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.lookup import Kind
from enrichments.pages import read_page, site_of, why_nothing


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


@given(
    st.text(st.characters())
    | st.lists(st.sampled_from(["http", "s", "://", "a.b", "/", "?", "#", "@", ":", "www."])).map("".join)
)
def test_the_site_is_that_of_the_page(address: str) -> None:
    page = read_page(address)
    assert site_of(address) == (None if page is None else page.host.removeprefix("www."))


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
        ("campaign", "", "missing"),
        ("campaign", "shop.example", "invalid"),
        ("campaign", "http://a b/", "invalid"),
        ("campaign", "\ud800", "invalid"),
    ],
)
def test_why_nothing_can_be_said(kind: Kind, text: str, status: str) -> None:
    assert why_nothing(kind, text).status == status
