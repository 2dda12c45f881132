"""Usual and unusual lines of an access log, and a whole log."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from producers.access_log.reader import LogReader
from producers.access_log.request import Request, Unparsable
from tests.producers.access_log.log_lines import TIME, TIME_MS, line, parsed, read
from tests.producers.access_log.made_log import CUT_OFF, LINES


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        (TIME, TIME_MS),
        ("17/May/2015:12:05:03 +0200", TIME_MS),
        ("17/May/2015:04:35:03 -0530", TIME_MS),
        ("2015-05-17T10:05:03Z", TIME_MS),
        ("17/May/2015:10:05:03.123 +0000", TIME_MS + 123),
        ("17/May/2015:12:05:03.123987 +0200", TIME_MS + 123),
        ("17/May/2015:10:05:03,5 +0000", TIME_MS + 500),
        ("2015-05-17T12:05:03+02:00", TIME_MS),
        ("30/Jun/2015:23:59:60 +0000", round(datetime(2015, 6, 30, 23, 59, 59, tzinfo=UTC).timestamp() * 1000)),
    ],
)
def test_a_time_with_a_zone(text: str, ms: int) -> None:
    assert parsed(line(time=text)).time_ms == ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "31/Feb/2015:10:05:03 +0000",
        "17/Mai/2015:10:05:03 +0000",
        "17/May/2015:24:05:03 +0000",
        "17/May/2015:10:05:61 +0000",
        "17/May/2015:10:05:03 +9900",
        "17/May/1960:10:05:03 +0000",
        "17/May/2150:10:05:03 +0000",
        "17/May/0000:10:05:03 +0000",
        "01/Jan/0001:00:00:00 +1200",
        "2015-05-17T25:05:03Z",
    ],
)
def test_no_valid_time(text: str) -> None:
    assert read(line(time=text)) == Unparsable("no valid time")


@pytest.mark.parametrize(
    ("client", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ("10.0.0.7,203.0.113.9", "203.0.113.9"),
        ("-, 203.0.113.9", "203.0.113.9"),
        ("unknown, 203.0.113.9", "203.0.113.9"),
        ('"203.0.113.9, 10.0.0.7"', "203.0.113.9"),
        ("10.0.0.7 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("[2001:db8::9]", "2001:db8::9"),
        ("[2001:db8::9]:443", "2001:db8::9"),
        (", ".join(f"2001:db8::{n}:1111:2222:3333" for n in range(1, 6)), "2001:db8::1:1111:2222:3333"),
        ("10.0.0.7", "10.0.0.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("192.0.2.7.", "192.0.2.7"),
        ("crawl-7.example.org", "crawl-7.example.org"),
        ("-", None),
        ("unix:", None),
    ],
)
def test_client(client: str, address: str | None) -> None:
    request = parsed(line(client=client))
    assert (request.address, request.host, request.path) == (address, None, "/a")


@pytest.mark.parametrize(
    "client",
    ["192.0.2.777", ".0.2.7", "0.2.7", "7", "192.0.2.7..", "2001:db8::g", "Mar 12", "Mar 12 10:11:12 web1 x", ""],
)
def test_a_line_without_a_possible_client_is_no_request(client: str) -> None:
    assert isinstance(read(line(client=client)), Unparsable)


@pytest.mark.parametrize(
    ("front", "address", "host", "scheme", "layout"),
    [
        ("shop.example:443 81.2.69.142", "81.2.69.142", "shop.example", "https", "vhost_combined"),
        ("shop.example:80 81.2.69.142", "81.2.69.142", "shop.example", "http", "vhost_combined"),
        ("shop.example:8080 81.2.69.142", "81.2.69.142", "shop.example:8080", None, "vhost_combined"),
        ("shop.example 81.2.69.142", "81.2.69.142", "shop.example", None, "vhost_combined"),
        ("203.0.113.1:443 81.2.69.142", "81.2.69.142", "203.0.113.1", "https", "vhost_combined"),
        ("[2001:db8::1]:443 2001:db8::9", "2001:db8::9", "[2001:db8::1]", "https", "vhost_combined"),
        ("shop.example:443 203.0.113.9, 10.0.0.7", "203.0.113.9", "shop.example", "https", "vhost_combined"),
        ("shop.example:443 [2001:db8::9]:1", "2001:db8::9", "shop.example", "https", "vhost_combined"),
        ("shop.example:443 crawl.example.org", "crawl.example.org", "shop.example", "https", "vhost_combined"),
        ("shop.example:443 -", None, "shop.example", "https", "vhost_combined"),
    ],
)
def test_the_requested_host_before_the_client(
    front: str, address: str, host: str, scheme: str | None, layout: str
) -> None:
    request = parsed(line(client=front))
    assert (request.address, request.host, request.scheme, request.layout) == (address, host, scheme, layout)


@pytest.mark.parametrize(
    ("front", "address", "host", "scheme"),
    [
        ("203.0.113.9 shop.example:443 - -", "203.0.113.9", "shop.example", "https"),
        ("203.0.113.9 www.example.org - -", "203.0.113.9", "www.example.org", None),
        ("203.0.113.9 www.example.org - Ann Lee", "203.0.113.9", "www.example.org", None),
        ("203.0.113.9 shop.example:8080 - ann", "203.0.113.9", "shop.example:8080", None),
        ("203.0.113.9 localhost:80 - -", "203.0.113.9", "localhost", "http"),
        ("203.0.113.9 198.51.100.1:443 - -", "203.0.113.9", "198.51.100.1", "https"),
        ("10.0.0.7 198.51.100.1:443 - -", "10.0.0.7", "198.51.100.1", "https"),
        ("203.0.113.9 [2001:db8::1]:443 - -", "203.0.113.9", "[2001:db8::1]", "https"),
        ("2001:db8::9 shop.example:443 - -", "2001:db8::9", "shop.example", "https"),
        ("203.0.113.9, 10.0.0.7 shop.example:443 - -", "203.0.113.9", "shop.example", "https"),
        ("203.0.113.9 - shop.example:443 ann.lee", "203.0.113.9", "shop.example", "https"),
        ("203.0.113.9 - ann.lee shop.example:443", "203.0.113.9", "shop.example", "https"),
        ("- shop.example:443 - -", None, "shop.example", "https"),
    ],
)
def test_the_requested_host_after_the_client(front: str, address: str | None, host: str, scheme: str | None) -> None:
    request = parsed(line().replace(b"192.0.2.7 - -", front.encode()))
    assert (request.address, request.host, request.scheme) == (address, host, scheme)
    assert request.layout == "vhost_combined"


@pytest.mark.parametrize(
    "who", ["- ann.lee", "- ann.lee -", "ann.lee ann.lee", "- Ann M. Lee", "ann - -", "- - ann.lee"]
)
def test_a_user_is_not_taken_for_a_host(who: str) -> None:
    request = parsed(line().replace(b" - -", f" {who}".encode(), 1))
    assert (request.address, request.host, request.layout) == ("192.0.2.7", None, "combined")


@pytest.mark.parametrize("front", ["_:443 ", "_ ", "__:80 "])
def test_the_name_of_nginx_s_catch_all_server_is_no_host(front: str) -> None:
    request = parsed(front.encode() + line())
    assert (request.address, request.host) == ("192.0.2.7", None)


@pytest.mark.parametrize(
    "more",
    [
        "203.0.113.9",
        "-, 203.0.113.9",
        "unknown, 203.0.113.9",
        "[2001:db8::1], 203.0.113.9",
        "::ffff:203.0.113.9",
        "for=203.0.113.9;proto=https",
        r"for=\"203.0.113.9:4711\"",
        r"for=\x22203.0.113.9\x22",
    ],
)
def test_every_form_in_which_proxies_name_the_client(more: str) -> None:
    address = parsed(line(client="10.0.0.7") + f' "{more}"'.encode()).address
    assert address == ("2001:db8::1" if "2001" in more else "203.0.113.9")


@pytest.mark.parametrize("more", ["sid=203", "203", "0.012", "ann", "1.2.3", "v=1.2.3.4"])
def test_no_address_after_the_agent_is_no_client(more: str) -> None:
    assert parsed(line(client="10.0.0.7") + f' "{more}"'.encode()).address == "10.0.0.7"


def test_the_client_behind_a_proxy_that_is_logged_after_the_agent() -> None:
    behind = b' "203.0.113.9, 10.0.0.2"'
    assert parsed(line(client="10.0.0.7") + behind).address == "203.0.113.9"
    assert parsed(line(client="192.0.2.7") + behind).address == "192.0.2.7"
    assert parsed(line(client="10.0.0.7") + b' "-"').address == "10.0.0.7"


@pytest.mark.parametrize(("logged", "status"), [("000", 0), ("009", 9), ("999", 999), ("-", None)])
def test_an_invalid_status_is_kept_as_sent(logged: str, status: int | None) -> None:
    assert parsed(line(status=logged)).status == status


@pytest.mark.parametrize(
    ("request_line", "method", "path", "protocol"),
    [
        ("GET /a?b=c HTTP/2", "GET", "/a?b=c", "HTTP/2"),
        ("GET /", "GET", "/", None),
        ("GET /a b c HTTP/1.0", "GET", "/a b c", "HTTP/1.0"),
        ("OPTIONS * HTTP/1.1", "OPTIONS", "*", "HTTP/1.1"),
        ("GET http://other.example/x HTTP/1.1", "GET", "/x", "HTTP/1.1"),
        (r"\x16\x03\x01\x02", None, None, None),
        ("-", None, None, None),
        ("", None, None, None),
    ],
)
def test_request_line(request_line: str, method: str | None, path: str | None, protocol: str | None) -> None:
    request = parsed(line(request=request_line))
    assert (request.method, request.path, request.protocol) == (method, path, protocol)


@pytest.mark.parametrize(
    ("logged", "agent"),
    [
        (r"He said \"no\" \\ twice", r'He said "no" \ twice'),
        (r"tab\there", "tab\there"),
        (r"caf\xc3\xa9", "café"),
        (r"\xe4\xe5\xe3", r"\xe4\xe5\xe3"),
        ("café", "café"),
        ("-", None),
        ("", None),
    ],
)
def test_escapes(logged: str, agent: str | None) -> None:
    assert parsed(line(agent=logged)).useragent == agent


def test_bytes_that_are_not_utf8_are_kept_as_apache_writes_them() -> None:
    assert parsed(line(agent="caf?").replace(b"?", b"\xe9")).useragent == r"caf\xe9"


def test_user_names_with_spaces_and_brackets() -> None:
    assert parsed(line(user="Ann [x] Lee")).path == "/a"


def test_more_fields_after_the_combined_ones() -> None:
    assert parsed(line(agent="agent") + b' "192.0.2.9" 0.012').useragent == "agent"


def test_common_format_has_no_referrer_and_no_agent() -> None:
    request = parsed(line()[: -len(b' "-" "-"')])
    assert (request.path, request.referrer, request.useragent, request.layout) == ("/a", None, None, "common")


def test_an_absolute_target_gives_the_host_without_a_password() -> None:
    request = parsed(line(client="shop.example:443 192.0.2.7", request="GET http://ann:pw@other.example/x?y HTTP/1.1"))
    assert (request.host, request.scheme, request.path) == ("other.example", "http", "/x?y")


@pytest.mark.parametrize("content", [b"-", b"hello", line()[:-2], line()[:-5], line(status="20"), line(size="1k")])
def test_truncated_and_garbled_lines_are_not_parsed(content: bytes) -> None:
    assert read(content) == Unparsable("not an access log line")


@pytest.mark.parametrize("client", ["192.0.2.7", "shop.example:443 192.0.2.7", "Mar 12 10:11:12 web1 nginx: 192.0.2.7"])
def test_in_a_log_with_agents_a_line_truncated_anywhere_is_no_request(client: str) -> None:
    whole = line(client=client, size="12345", referrer="https://x.example/", agent="agent/1")
    layout = parsed(whole).layout
    for end in range(1, len(whole)):
        assert isinstance(LogReader(layout=layout).parse(whole[:end]), Unparsable), whole[:end]


def test_a_whole_log(access_log: Path) -> None:
    results = [read(each) for each in access_log.read_bytes().splitlines()]
    assert len(results) == LINES
    assert [n for n, each in enumerate(results, start=1) if not isinstance(each, Request)] == [CUT_OFF]
    requests = [each for each in results if isinstance(each, Request)]
    assert all(each.address and each.status and each.layout == "combined" for each in requests)
    assert sum(each.path is not None for each in requests) > 9_800
