"""Lines of an access log, the usual and the odd, and a whole real log."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from producers.combined_log import Request, Unparsable, parse_line
from tests.producers.log_lines import TIME, TIME_MS, line, parsed


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        (TIME, TIME_MS),
        ("17/May/2015:12:05:03 +0200", TIME_MS),
        ("17/May/2015:04:35:03 -0530", TIME_MS),
        ("30/Jun/2015:23:59:60 +0000", round(datetime(2015, 6, 30, 23, 59, 59, tzinfo=UTC).timestamp() * 1000)),
    ],
)
def test_time_in_its_zone(text: str, ms: int) -> None:
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
        "2015-05-17T10:05:03Z",
    ],
)
def test_no_valid_time(text: str) -> None:
    assert parse_line(line(time=text)) == Unparsable("no valid time")


@pytest.mark.parametrize(
    ("client", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
        ("crawl-7.example.org", None),
        ("fe80::1%eth0", None),
        ("192.0.2.777", None),
        ("-", None),
    ],
)
def test_client(client: str, address: str | None) -> None:
    assert parsed(line(client=client)).address == address


@pytest.mark.parametrize(
    ("request_line", "method", "path", "protocol"),
    [
        ("GET /a?b=c HTTP/2", "GET", "/a?b=c", "HTTP/2"),
        ("GET /", "GET", "/", None),
        ("GET /a b c HTTP/1.0", "GET", "/a b c", "HTTP/1.0"),
        ("OPTIONS * HTTP/1.1", "OPTIONS", "*", "HTTP/1.1"),
        ("GET http://other.example/x HTTP/1.1", "GET", "http://other.example/x", "HTTP/1.1"),
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
    assert (request.path, request.referrer, request.useragent) == ("/a", None, None)


@pytest.mark.parametrize("content", [b"", b"hello", line()[:-2], line()[:-5], line(status="20"), line(size="1k")])
def test_cut_off_and_garbled_lines_are_not_parsed(content: bytes) -> None:
    assert parse_line(content) == Unparsable("not a combined log line")


def test_a_real_log(access_log: Path) -> None:
    results = [parse_line(each) for each in access_log.read_bytes().splitlines()]
    assert len(results) == 10_000
    requests = [each for each in results if isinstance(each, Request)]
    # One line of it ends within its user agent.
    assert len(requests) == 9_999
    assert all(each.path and each.method and each.protocol and each.address and each.status for each in requests)
    assert len({each.address for each in requests}) == 1_753
