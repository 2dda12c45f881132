"""Addresses of pages, and their site."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.derived.web.page_address import read_page, site_of


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
