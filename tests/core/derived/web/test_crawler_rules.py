"""The operator's own list of crawlers."""

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.derived.web.crawler_rules import NO_RULES, CrawlerRulesError, parse_crawler_rules, read_crawler_lines
from tests.memory import kept

LINES = """
# ours
allow agent    ^MarketApp/
deny  agent    acme[- ]monitor   # theirs
deny  network  198.51.100.0/24
allow app      market-app-ios
deny  network  2001:db8::/32
deny  app      load-test
""".splitlines()
RULES = parse_crawler_rules(LINES)


@pytest.mark.parametrize(
    ("agent", "address", "app", "verdict"),
    [
        ("MarketApp/7.1 okhttp/4", "198.51.100.7", "load-test", False),
        ("x ACME-Monitor/2", None, "market-app-ios", True),
        ("Mozilla", "198.51.100.7", "market-app-ios", True),
        ("Mozilla", "198.51.100.7:443", "x", True),
        ("Mozilla", "2001:db8::1", "market-app-ios", False),
        ("Mozilla", "2001:db8::1", "x", True),
        ("Mozilla", "no address", "load-test", True),
        ("Mozilla", "81.2.69.142", "x", None),
        ("Mozilla", None, None, None),
        ("", None, None, None),
        ("\ud800", "\ud800", "\ud800", None),
    ],
)
def test_the_first_line_that_fits_counts(
    agent: str, address: str | None, app: str | None, verdict: bool | None
) -> None:
    assert RULES.verdict(agent, address, app) is verdict


def test_an_empty_list_says_nothing() -> None:
    assert not NO_RULES
    assert not parse_crawler_rules(["", "  # nothing", "#"])
    assert NO_RULES.verdict("Googlebot", "198.51.100.7", "a") is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("block agent x", "line 2: not `allow` or `deny`"),
        ("deny agent", "line 2: not `allow` or `deny`"),
        ("deny agents x", "line 2: must be about"),
        ("deny agent (x", "line 2: not a regular expression"),
        ("deny network 198.51.100.7/24", "line 2: not a network"),
        ("deny network acme", "line 2: not a network"),
    ],
)
def test_a_line_at_fault_is_named_with_its_file(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "crawlers.txt"
    file.write_text(f"deny app a\n{line}\n")
    with pytest.raises(CrawlerRulesError, match=said) as raised:
        read_crawler_lines(file)
    assert "crawlers.txt" in str(raised.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CrawlerRulesError, match=r"absent\.txt: No such file"):
        read_crawler_lines(tmp_path / "absent.txt")
    (tmp_path / "latin.txt").write_bytes(b"deny agent \xe4\n")
    with pytest.raises(CrawlerRulesError, match=r"latin\.txt: not UTF-8"):
        read_crawler_lines(tmp_path / "latin.txt")


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbfdeny app a\r\n")
    assert parse_crawler_rules(read_crawler_lines(tmp_path / "list.txt")).verdict("x", None, "a")


@given(st.text(st.characters()), st.text(st.characters()), st.text(st.characters()))
def test_no_event_makes_it_raise(agent: str, address: str, app: str) -> None:
    assert RULES.verdict(agent, address, app) in (True, False, None)


@pytest.mark.slow
def test_long_texts_do_not_fill_the_memory() -> None:
    rules, texts = parse_crawler_rules(["deny agent nobody", "deny network 192.0.2.0/24"]), 200
    for verdict in (rules.verdict, lambda text: rules.verdict("", text)):
        assert kept(verdict, (f"{number:08d}" * 1_000 for number in range(texts))) < texts * 2_000


@pytest.mark.slow
@pytest.mark.parametrize(("count", "characters"), [(20_000, 1_000), (30_000, 200)])
def test_what_is_remembered_of_strangers_texts_is_little(count: int, characters: int) -> None:
    rules = parse_crawler_rules(LINES)
    tracemalloc.start()
    try:
        for number in range(count):
            text = f"{number}".ljust(characters, "x")
            rules.verdict(text, text)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 5_000_000
