"""The pure functions of the HTTP source."""

from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.secret import Secret, SecretUrl
from contracts.lookup_api.lookups import UserProfile
from lookup_service.sources.http.api import HttpApi, HttpApiOptions
from lookup_service.sources.http.json_fields import InvalidDocumentError, JsonFields
from lookup_service.sources.http.public_resolver import is_public
from lookup_service.sources.http.response_outcome import MAX_RETRY_AFTER_S, outcome_of, retry_after_s
from lookup_service.sources.http.url_template import UrlTemplate


@given(key=st.text(st.characters()))
def test_no_key_can_change_the_rest_of_the_path(key: str) -> None:
    url = UrlTemplate("https://api.example:8443/v1/users/{key}/profile?x=1").url_for(key)
    if url is None:
        assert key in ("", ".", "..") or any("\ud800" <= character <= "\udfff" for character in key)
        return
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "api.example:8443", "x=1", "")
    before, place, after = parts.path.rpartition("/profile")[0].rpartition("/")
    assert (before, unquote(after)) == ("/v1/users", key)
    assert place == "/"


@given(key=st.text(st.characters(codec="utf-8"), min_size=3))
def test_no_key_can_change_the_rest_of_the_query(key: str) -> None:
    url = UrlTemplate("http://api.example/find?id={key}&x=1").url_for(key)
    assert url is not None
    parts = urlsplit(url)
    assert (parts.netloc, parts.path, parts.fragment) == ("api.example", "/find", "")
    name, last = parts.query.split("&")
    assert (unquote(name.removeprefix("id=")), last) == (key, "x=1")


@pytest.mark.parametrize(
    "template",
    ["", "/users/{key}", "ftp://a.example/{key}", "https://{key}.example/", "https://a.example:{key}/", "https://a.example/",
     "https://a.example/#{key}", "https://u:p@a.example/{key}", "https://a.example/{key}{other}", "https:///x/{key}",
     "https://a.example:99999/{key}", "https://[::1/{key}", "https://a.example/{key} x"],
)  # fmt: skip
def test_invalid_templates_are_rejected(template: str) -> None:
    with pytest.raises(ValueError, match="url:"):
        UrlTemplate(template)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "::ffff:93.184.215.14"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "::1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::ffff:10.0.0.1", "fe80::1",
     "fd00:ec2::254", "224.0.0.1", "ff0e::1", "2002:a00:1::1", "64:ff9b::a00:1", "203.0.113.7", "2001:db8::1",
     "2001:0:4136:e378:8000:63bf:ae4d:9712", "64:ff9b::5db8:d70e", "localhost", ""],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1"])
def test_a_private_address_is_rejected_at_the_start(host: str) -> None:
    url = SecretUrl(f"http://{host}/{{key}}")
    options = HttpApiOptions(kind="user", name="x", url=url, fields={"user_segment": "a"})
    with pytest.raises(ValueError, match="allow_private"):
        HttpApi(options)


@pytest.mark.parametrize("headers", [{"X\r\nY": "1"}, {"X": "1\r\nY: 2"}, {"": "1"}, {"é": "1"}])
def test_invalid_headers_are_rejected(headers: dict[str, str]) -> None:
    options = HttpApiOptions(
        kind="user",
        name="x",
        url=SecretUrl("http://a.example/{key}"),
        fields={"user_segment": "a"},
        headers={name: Secret(value) for name, value in headers.items()},
    )
    with pytest.raises(ValueError, match="headers:"):
        HttpApi(options)


def test_fields_are_checked_against_the_kind() -> None:
    with pytest.raises(ValueError, match="geo_city"):
        JsonFields("user", {"geo_city": "city"})
    with pytest.raises(ValueError, match="fields"):
        JsonFields("user", {})


def test_paths() -> None:
    fields = JsonFields("user", {"user_segment": "a.1.b", "user_registered_tstamp": "t"})
    assert fields.read(b'{"a":[0,{"b":"x"}],"t":"5"}') == UserProfile(user_segment="x", user_registered_tstamp=5)
    for body in (b"{}", b"null", b'{"a":[]}', b'{"a":{"1":null}}', b'{"a":"text"}', b"[]"):
        assert fields.read(body) is None


@given(body=st.binary(max_size=50) | st.sampled_from([b'{"a":[0,{"b":[]}]}', b'{"t":1e99}', b'{"t":{}}']))
def test_any_body_is_a_value_or_an_invalid_document(body: bytes) -> None:
    fields = JsonFields("user", {"user_segment": "a.1.b", "user_registered_tstamp": "t"})
    try:
        found = fields.read(body)
    except InvalidDocumentError:
        return
    assert found is None or isinstance(found, UserProfile)


NOW = datetime(2026, 9, 1, 6, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(None, 0), ("0", 0), (" 7 ", 7), ("86400", MAX_RETRY_AFTER_S), ("9" * 500, MAX_RETRY_AFTER_S), ("-1", 0),
     ("soon", 0), ("", 0), ("1.5", 0), ("Tue, 01 Sep 2026 06:00:30 GMT", 30), ("Tue, 01 Sep 2026 05:00:00 GMT", 0),
     ("Tue, 99 Sep 2026", 0)],
)  # fmt: skip
def test_retry_after(text: str | None, seconds: float) -> None:
    assert retry_after_s(text, now=NOW) == seconds


@given(text=st.text(st.characters(), max_size=40))
def test_any_retry_after_is_limited(text: str) -> None:
    assert 0 <= retry_after_s(text, now=NOW) <= MAX_RETRY_AFTER_S


@given(status=st.integers(100, 999))
def test_only_5xx_408_and_429_concern_the_api_as_a_whole(status: int) -> None:
    assert (outcome_of(status) == "down") == (status >= 500 or status in (408, 429))
