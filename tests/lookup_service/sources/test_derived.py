"""Text sources: the effect of the operator's files and hosts."""

from pathlib import Path

import msgspec
import pytest

from contracts.lookup_api.lookups import Referrer, UserAgent
from core.derived.web.crawler_rules import CrawlerRulesError
from lookup_service.sources.derived import (
    ReferrerOptions,
    TextSource,
    UserAgentOptions,
    open_referrer,
    open_user_agent,
)


def _is_crawler(source: TextSource, text: str) -> bool | None:
    result = source.lookup_one(text)
    assert isinstance(result.value, msgspec.Raw)
    return msgspec.json.decode(result.value, type=UserAgent).user_agent_is_crawler


def test_the_operators_list_overrides_the_packaged_one_and_is_part_of_the_build(tmp_path: Path) -> None:
    file = tmp_path / "crawlers.txt"
    file.write_text("deny network 198.51.100.0/24\nallow agent ^curl\ndeny agent acme\n")
    plain, own = open_user_agent(UserAgentOptions()), open_user_agent(UserAgentOptions(crawlers_path=file))
    assert [_is_crawler(own, text) for text in ("curl/8", "Acme/1", "Googlebot/2.1")] == [False, True, True]
    assert [_is_crawler(plain, text) for text in ("curl/8", "Acme/1", "Googlebot/2.1")] == [True, False, True]
    assert own.data_version != plain.data_version
    assert own.settings.crawlers.verdict("x", "198.51.100.7") is True


def test_a_malformed_line_of_the_operators_list_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "crawlers.txt"
    file.write_text("deny agent (\n")
    with pytest.raises(CrawlerRulesError, match="line 1"):
        open_user_agent(UserAgentOptions(crawlers_path=file))


def test_assistants_have_a_medium_and_a_source() -> None:
    result = open_referrer(ReferrerOptions()).lookup_one("https://chatgpt.com/")
    assert isinstance(result.value, msgspec.Raw)
    assert msgspec.json.decode(result.value, type=Referrer) == Referrer(
        refr_urlhost="chatgpt.com", refr_medium="ai_assistant", refr_source="ChatGPT"
    )
