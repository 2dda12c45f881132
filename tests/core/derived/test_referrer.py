"""Referring pages: kind, site and searched words."""

from urllib.parse import quote_plus

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.lookup_api.lookups import Referrer
from core.derived.referrer import parse_referrer
from core.derived.web.referring_sites import own_sites
from core.derived.web.site_finder import SITES


@pytest.mark.parametrize(
    ("address", "host", "medium", "source", "term"),
    [
        ("https://www.google.com/", "www.google.com", "search", "Google", None),
        ("https://www.google.co.uk/search?hl=en&q=red+bike", "www.google.co.uk", "search", "Google", "red bike"),
        ("http://google.de/search?q=gr%C3%BCn", "google.de", "search", "Google", "grün"),
        ("http://google.de/url?q=https://shop.example/", "google.de", "search", "Google", None),
        ("https://images.google.com.br/?q=a", "images.google.com.br", "search", "Google Images", "a"),
        ("https://www.google.com/aclk?q=bike", "www.google.com", "paid", "Google", "bike"),
        ("https://mail.google.com/mail/u/0", "mail.google.com", "email", "Gmail", None),
        ("https://docs.google.com/?q=a", "docs.google.com", "unknown", "Google", None),
        ("android-app://com.google.android.gm/", "com.google.android.gm", "email", "Gmail", None),
        ("https://google.evil.example/?q=a", "google.evil.example", "unknown", None, None),
        ("https://notgoogle.com/", "notgoogle.com", "unknown", None, None),
        ("https://de.search.yahoo.com/search?p=x%26y", "de.search.yahoo.com", "search", "Yahoo!", "x&y"),
        ("https://yandex.ru/search/?text=%D0%B2%D0%B5%D0%BB", "yandex.ru", "search", "Yandex", "вел"),
        ("https://www.baidu.com/s?wd=%FF", "www.baidu.com", "search", "Baidu", "\ufffd"),
        ("https://duckduckgo.com/", "duckduckgo.com", "search", "DuckDuckGo", None),
        ("https://l.facebook.com/l.php?u=1", "l.facebook.com", "social", "Facebook", None),
        ("https://t.co/abc", "t.co", "social", "Twitter", None),
        ("HTTPS://User:p@WWW.Reddit.COM.:443/r/a?q=1#f", "www.reddit.com", "social", "Reddit", None),
        ("https://outlook.live.com", "outlook.live.com", "email", "Outlook.com", None),
        ("https://googleads.g.doubleclick.net/x", "googleads.g.doubleclick.net", "paid", "Google", None),
        ("https://blog.example:8080?q=a", "blog.example", "unknown", None, None),
        ("http://[2001:db8::1]/", "[2001:db8::1]", "unknown", None, None),
        ("http://bücher.example/", "bücher.example", "unknown", None, None),
        ("http://google.com@evil.example/?q=1", "evil.example", "unknown", None, None),
    ],
)
def test_known_addresses(address: str, host: str, medium: str, source: str | None, term: str | None) -> None:
    found = parse_referrer(address)
    assert found is not None
    assert (found.refr_urlhost, found.refr_medium, found.refr_source, found.refr_term) == (host, medium, source, term)


@pytest.mark.parametrize(
    ("host", "medium"),
    [
        ("shop.example", "internal"),
        ("m.shop.example", "internal"),
        ("myshop.example", "unknown"),
        ("example", "unknown"),
    ],
)
def test_own_hosts_are_internal(host: str, medium: str) -> None:
    own = frozenset({"shop.example", "google.com"})
    assert parse_referrer(f"https://{host}/a", internal_hosts=own) == Referrer(
        refr_urlhost=host, refr_medium="internal" if medium == "internal" else "unknown"
    )


def test_an_own_host_wins_over_the_table() -> None:
    found = parse_referrer("https://www.google.com/?q=a", internal_hosts=["google.com"])
    assert found == Referrer(refr_urlhost="www.google.com", refr_medium="internal")


@pytest.mark.parametrize(
    "text", ["", "-", "google.com", "/search?q=a", "https://", "https:///x", "https://?q=a", "http://a b/", "http://[::1",
             "about:blank", "javascript://%0aalert(1)", "http://.", f"http://{'a' * 300}/", "://x", "http://a:port/"],
)  # fmt: skip
def test_not_the_address_of_a_page(text: str) -> None:
    assert parse_referrer(text) is None


def test_every_site_of_the_own_table_is_found() -> None:
    for host, site in own_sites().items():
        found = parse_referrer(f"https://{host.replace('.*', '.de')}/")
        assert found is not None
        assert (found.refr_source, found.refr_medium) == (site.source, site.medium), host


def test_every_site_of_the_packaged_list_is_found_but_for_what_the_own_table_says_otherwise() -> None:
    assert len(SITES) > 2_000
    differing = set()
    for host, site in SITES.items():
        found = parse_referrer(f"https://{host.replace('.*', '.de')}/")
        assert found is not None
        assert found.refr_source is not None
        if found.refr_medium != site.medium:
            differing.add(host)
    assert differing == {"amazon.com", "market.yandex.ru", "m.market.yandex.ru"}


@pytest.mark.parametrize(
    ("address", "medium", "source"),
    [
        ("https://gemini.google.com/", "ai_assistant", "Gemini"),
        ("https://notebooklm.google.com/", "ai_assistant", "NotebookLM"),
        ("https://chatgpt.com/", "ai_assistant", "ChatGPT"),
        ("https://chat.openai.com/c/1", "ai_assistant", "ChatGPT"),
        ("https://copilot.microsoft.com/", "ai_assistant", "Copilot"),
        ("https://www.bing.com/chat?q=a", "ai_assistant", "Copilot"),
        ("https://claude.ai/chat/1", "ai_assistant", "Claude"),
        ("https://grok.com/", "ai_assistant", "Grok"),
        ("https://x.com/i/grok", "ai_assistant", "Grok"),
        ("https://x.com/i/grokking", "social", "Twitter"),
        ("https://www.perplexity.ai/search/a", "ai_assistant", "Perplexity"),
        ("https://chat.deepseek.com/", "ai_assistant", "DeepSeek"),
        ("https://chat.mistral.ai/", "ai_assistant", "Mistral"),
        ("https://www.meta.ai/", "ai_assistant", "Meta AI"),
        ("android-app://com.openai.chatgpt/", "ai_assistant", "ChatGPT"),
        ("https://photos.google.com/", "unknown", "Google"),
        ("https://keep.google.com/", "unknown", "Google"),
        ("https://a.host.that.nobody.listed.google.com/search?q=a", "unknown", "Google"),
        ("https://www.google.com/maps/place/x", "unknown", "Google Maps"),
        ("https://search.google.com/search-console", "unknown", "Google"),
        ("https://sports.yahoo.com/", "unknown", "Yahoo!"),
        ("https://de.sports.yahoo.com/", "unknown", "Yahoo!"),
        ("https://shopping.naver.com/", "unknown", "Naver"),
        ("https://rewards.bing.com/", "unknown", "Bing"),
        ("https://m.bing.com/search?q=a", "search", "Bing"),
        ("https://au.yhs4.search.yahoo.com/yhs/search?p=a", "search", "Yahoo!"),
        ("https://www.google.com/chrome/", "unknown", "Google"),
        ("https://www.google.com/analytics/web/", "unknown", "Google"),
        ("https://www.google.com/alerts", "unknown", "Google"),
        ("https://www.google.com/searches", "unknown", "Google"),
        ("https://www.google.com/webhp?hl=de", "search", "Google"),
        ("https://www.google.com/search;x?q=a", "search", "Google"),
        ("https://www.google.cat/imgres?q=a", "search", "Google Images"),
        ("https://www.bing.com/translator?q=a", "unknown", "Bing"),
        ("https://www.bing.com/shop?q=a", "unknown", "Bing"),
        ("https://www.bing.com/travel/search?q=a", "unknown", "Bing"),
        ("https://www.bing.com/ck/a?u=b", "search", "Bing"),
        ("https://kagi.com/assistant", "unknown", "Kagi"),
        ("https://kagi.com/search?q=a", "search", "Kagi"),
        ("https://www.yahoo.com/news/", "unknown", "Yahoo!"),
        ("https://search.yahoo.com/yhs/web?p=a", "search", "Yahoo!"),
        ("https://www.baidu.com/s?wd=a", "search", "Baidu"),
        ("https://search.naver.com/search.naver?query=a", "search", "Naver"),
        ("https://duckduckgo.com/html/?q=a", "search", "DuckDuckGo"),
        ("https://yandex.ru/search/?text=a", "search", "Yandex"),
        ("https://docs.mistral.ai/a", "unknown", "Mistral"),
        ("https://platform.deepseek.com/", "unknown", "DeepSeek"),
        ("https://status.claude.com/", "unknown", "Claude"),
        ("https://app.perplexity.ai/", "ai_assistant", "Perplexity"),
        ("https://www.claude.com/", "ai_assistant", "Claude"),
        ("https://market.yandex.ru/product/1", "unknown", "Yandex Market"),
        ("https://m.market.yandex.ru/", "unknown", "Yandex Market"),
        ("https://en.wikipedia.org/wiki/Bike", "unknown", "Wikipedia"),
    ],
)
def test_only_what_the_tables_name_is_search_and_assistants_are_a_medium_of_their_own(
    address: str, medium: str, source: str
) -> None:
    found = parse_referrer(address)
    assert found is not None
    assert (found.refr_medium, found.refr_source) == (medium, source)


@pytest.mark.parametrize(
    ("query", "term"),
    [
        ("?%71=a", "a"),
        ("?hl=de&amp;q=a", "a"),
        ("?hl=de&amp%3Bq=a", "a"),
        ("?hl=de&AMP%3bamp%3b%71=a", "a"),
        ("?q=&q=+&q=a&q=b", "a"),
        ("?as_q=b&q=a", "a"),
        ("?q=what?", "what?"),
        ("?oq=x", None),
    ],
)
def test_searched_words_however_the_query_is_written(query: str, term: str | None) -> None:
    found = parse_referrer(f"https://www.google.com/search{query}")
    assert found is not None
    assert found.refr_term == term


def test_the_visited_pages_own_site_is_internal() -> None:
    found = parse_referrer("https://www.bing.com/?q=a", is_own_site=True)
    assert found == Referrer(refr_urlhost="www.bing.com", refr_medium="internal")


@given(term=st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_searched_term_is_decoded(term: str) -> None:
    found = parse_referrer(f"https://www.bing.com/search?q={quote_plus(term)}")
    assert found is not None
    assert found.refr_term == (term.strip() or None)


@given(
    text=st.text(st.characters(), max_size=200)
    | st.lists(
        st.sampled_from(
            ["http://", "www.", "google.com", ".", "/", "?", "q=", "&", "%", "%e4", "@", ":", "[", "]", "\ud800"]
        )
    ).map("".join)
)
def test_any_text(text: str) -> None:
    found = parse_referrer(text, internal_hosts=["google.com"])
    if found is not None:
        assert found.refr_urlhost
        assert msgspec.json.decode(msgspec.json.encode(found), type=Referrer) == found
