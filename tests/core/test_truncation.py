from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.events.enriched import EventFields
from contracts.purposes.model import original_types
from contracts.purposes.truncated_fields import truncated_type
from core.truncation import TRUNCATIONS, code, label, month, network, page, release, site, tenth
from tests.memory import kept


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ("81.2.69.142", "81.2.69.0"),
        ("::ffff:81.2.69.142", "81.2.69.0"),
        ("2002:5102:458e::1", "81.2.69.0"),
        ("2001:0:4136:e378:8000:63bf:aefd:ba71", "81.2.69.0"),
        ("64:ff9b::5102:458e", "81.2.69.0"),
        ("::5102:458e", "81.2.69.0"),
        ("64:ff9b:1::5102:458e", "64:ff9b:1::"),
        ("81.2.69.142:51000", "81.2.69.0"),
        ("[2a02:8109:9a40:1234::17]:443", "2a02:8109:9a40::"),
        ("2a02:8109:9a40:1234::17", "2a02:8109:9a40::"),
        ("81.2.69", None),
        ("ann@example.org", None),
    ],
)
def test_an_address_is_cut_to_its_network(address: str, left: str | None) -> None:
    assert network(address) == left


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ("https://shop.example/l/12?q=ann#top", "https://shop.example/l/12"),
        ("https://ann:secret@shop.example/l", "https://shop.example/l"),
        ("https://shop.example:8443/users/ann@example.org/edit", "https://shop.example:8443/users/-/edit"),
        ("https://shop.example/unsubscribe/ann%40example.org", "https://shop.example/unsubscribe/-"),
        ("https://shop.example/from/81.2.69.142", "https://shop.example/from/-"),
        ("http://83.149.9.216/presentations/", "http://-/presentations/"),
        ("http://[2a02:8109::1]:80/x", "http://-/x"),
        ("https://shop.example/u/Ann%20Example/Ann Example/l;user=ann", "https://shop.example/u/-/-/-"),
        ("https://a.example/x/81%2e2%2e69%2e142", "https://a.example/x/-"),
        ("https://a.example/x/%38%31.2.69.142/y", "https://a.example/x/-/y"),
        ("https://a.example/81%2E2%2E69%2E142%2Fanna/y", "https://a.example/-/y"),
        ("https://81%2e2%2e69%2e142/x", "https://-/x"),
        ("https://81%2e2%2e69%2e142:8443/x", "https://-/x"),
        ("https://%5B2a02:8109::1%5D/x", "https://-/x"),
        ("https://a.example/2a02%3A8109%3a%3a1/x", "https://a.example/-/x"),
        ("https://a.example/x%09anna/Ann%0aExample/Ann%c2%a0Example/Ann%00", "https://a.example/-/-/-/-"),
        ("https://a.example/ann%2540example.org/81%252e2%252e69%252e142", "https://a.example/-/-"),
        ("https://a.example/ann%u0040example.org/%E2", "https://a.example/-/-"),
        ("https://a.example/search%3Fq=ann/x%23ann", "https://a.example/-/-"),
        (
            "https://a.example/\uff18\uff11.\uff12.\uff16\uff19.\uff11\uff14\uff12/ann\uff20example.org",
            "https://a.example/-/-",
        ),
        ("https://a.example/%EF%BC%98%EF%BC%91.2.69.142", "https://a.example/-"),
        ("https://81\u30022\u300269\u3002142/x", "https://-/x"),
        ("https://1359103374/x", "https://-/x"),
        ("https://0x5102458e/x", "https://-/x"),
        ("https://0121.0002.0105.0216:80/x", "https://-/x"),
        ("https://81.2.17806./x", "https://-/x"),
        (
            "https://a.example/Fahrr%C3%A4der/%E4%B8%AD%E6%96%87/a+b/l-1",
            "https://a.example/Fahrr%C3%A4der/%E4%B8%AD%E6%96%87/a+b/l-1",
        ),
        ("https://b%C3%BCcher.example/x", "https://b%C3%BCcher.example/x"),
        ("https://7.example:8080/2024/01", "https://7.example:8080/2024/01"),
        ("javascript:alert(1)", "-"),
        ("ann@example.org", "-"),
        ("", None),
        ("?q=ann", None),
    ],
)
def test_a_page_is_scheme_host_and_path(address: str, left: str | None) -> None:
    assert page(address) == left


@pytest.mark.parametrize("text", ["market-web", "de-DE", "Europe/Berlin", "l00000012", "summer-sale_2025", "SM-A515F"])
def test_a_code_stays(text: str) -> None:
    assert code(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("Ann Example", "Black Friday 2024", "ann@example.org", "81.2.69.142", "x 81-2-69-142", "2a02:8109::17"),
        *("a" * 65, "a\nb", "\uff18\uff11.\uff12.\uff16\uff19.\uff11\uff14\uff12"),
    ],
)
def test_what_does_not_look_like_a_code_is_masked_so_that_one_sees_there_was_one(text: str) -> None:
    assert code(text) == "-"


@pytest.mark.parametrize("rule", [code, label, release, site, page])
def test_there_is_no_mask_where_there_was_nothing(rule: Callable[[str], str | None]) -> None:
    assert rule("") != "-"
    assert rule("  ") != "-"


def test_the_rest() -> None:
    assert (tenth(52.5163), tenth(-0.04)) == (52.5, 0.0)
    assert month(1_700_000_000_000) == 1_698_796_800_000  # 2023-11-01
    assert [release(text) for text in ("131.0.6778.33", "10.15.7", "13_2", "ann", "")] == [
        "131.0", "10.15", "13_2", "-", None,
    ]  # fmt: skip
    assert (label("Mobile Safari"), label("Ann ann@example.org")) == ("Mobile Safari", "-")
    assert (site("www.example.org"), site("81.2.69.142:80")) == ("www.example.org", "-")


@given(st.integers(0, 2**32 - 1).map(IPv4Address), st.integers(0, 2**64 - 1))
def test_no_way_of_writing_an_address_shows_more_of_it_than_its_network(address: IPv4Address, rest: int) -> None:
    left, number = network(str(address)), int(address)
    client = number ^ 0xFFFFFFFF  # Teredo has its bits turned over
    carriers = [0x2002 << 112 | number << 80 | rest, 0x20010000 << 96 | rest << 32 | client, 0x64FF9B << 96 | number]
    for carrier in (*carriers, number | 0xFFFF << 32):
        assert network(str(IPv6Address(carrier))) == left
    assert number & 0xFF == 0 or left != str(address)


@given(st.integers(0, 2**32 - 1).map(IPv4Address) | st.integers(0, 2**128 - 1).map(IPv6Address), st.randoms())
def test_no_way_of_encoding_an_address_shows_it_in_a_page(address: IPv4Address | IPv6Address, rng: Random) -> None:
    text = "".join(f"%{ord(each):02x}" if rng.random() < 0.5 else each for each in str(address))
    assert page(f"https://a.example/x/{text}/y?q") == "https://a.example/x/-/y"
    host = text if address.version == 4 else f"%5b{text}%5D"
    assert page(f"https://{host}/y") == "https://-/y"


@example("0:@")
@given(st.text(max_size=200))
def test_no_text_makes_a_rule_raise(text: str) -> None:
    for name, truncate in TRUNCATIONS.items():
        if truncated_type(name) is str:
            left = truncate(text)
            assert left is None or "@" not in left, name


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TRUNCATIONS if truncated_type(name) is str])
def test_long_texts_do_not_fill_the_memory(name: str) -> None:
    texts = 100
    made = (f"https://a{number:06d}.example/{'x' * 8_000}" for number in range(texts))
    assert kept(TRUNCATIONS[name], made) < texts * 2_000


def test_only_known_fields_have_rules() -> None:
    assert set(TRUNCATIONS) <= set(original_types())
    assert EventFields.__struct_fields__[0] == "event_id"
