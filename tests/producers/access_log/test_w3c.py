"""Logs that declare their fields: those of IIS and CloudFront."""

from dataclasses import replace

import pytest

from producers.access_log.request import REMARK, Request, Unparsable
from tests.producers.access_log.log_lines import read

MS = 1_741_774_272_000
IIS_FIELDS = (
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
    "sc-status sc-substatus sc-win32-status time-taken"
)
IIS = (
    "2025-03-12 10:11:12 10.0.0.1 GET /a b=c 443 - 81.2.69.142 "
    "Mozilla/5.0+(compatible;+Googlebot/2.1;++http://www.google.com/bot.html) https://x.example/?q=a+b 200 0 0 15"
)
CLOUDFRONT_FIELDS = (
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes"
)
CLOUDFRONT = (
    "2025-03-12\t10:11:12\tFRA2-C1\t2390\t2001:db8::9\tGET\td111.cloudfront.net\t/a\t200\thttps://x.example/\t"
    "Mozilla/5.0%20(compatible;%20Googlebot/2.1;%20+http://www.google.com/bot.html)\tb=c\t-\tHit\tid==\t"
    "shop.example\thttps\t23"
)
AGENT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def request(*lines: str) -> Request:
    found = read(*lines)
    assert isinstance(found, Request), found
    return found


def test_iis() -> None:
    assert request("#Software: Microsoft Internet Information Services 10.0", "#Version: 1.0", IIS_FIELDS, IIS) == (
        Request(
            layout="w3c",
            time_ms=MS,
            address="81.2.69.142",
            request=None,
            method="GET",
            path="/a?b=c",
            protocol=None,
            host=None,
            scheme="https",
            status=200,
            bytes=None,
            referrer="https://x.example/?q=a b",
            useragent=AGENT,
        )
    )


def test_cloudfront() -> None:
    found = request("#Version: 1.0", CLOUDFRONT_FIELDS, CLOUDFRONT)
    assert found == Request(
        layout="cloudfront",
        time_ms=MS,
        address="2001:db8::9",
        request=None,
        method="GET",
        path="/a?b=c",
        protocol=None,
        host="shop.example",
        scheme="https",
        status=200,
        bytes=2390,
        referrer="https://x.example/",
        useragent=AGENT,
    )
    assert request(CLOUDFRONT_FIELDS, CLOUDFRONT.replace("%20", "%2520")) == found
    assert request(CLOUDFRONT_FIELDS, CLOUDFRONT.replace("\t200\t", "\t000\t")) == replace(found, status=0)


def test_directives_do_not_count_as_unparsable() -> None:
    for directive in ("#Version: 1.0", "#Date: 2025-03-12 10:11:12", "#Remark: x", "#software: y", IIS_FIELDS):
        assert read(directive) is REMARK
    assert isinstance(read("# a comment of somebody"), Unparsable)


@pytest.mark.parametrize("name", ["X-Forwarded-For", "cs(X-Forwarded-For)", "X-Real-IP", "CF-Connecting-IP"])
def test_the_client_behind_a_proxy_as_iis_writes_it(name: str) -> None:
    line = IIS.replace("81.2.69.142", "10.0.0.7")
    assert request(f"{IIS_FIELDS} {name}", f"{line} 203.0.113.9,+10.0.0.2").address == "203.0.113.9"
    assert request(f"{IIS_FIELDS} {name}", f"{line} unknown,+203.0.113.9").address == "203.0.113.9"
    assert request(f"{IIS_FIELDS} {name}", f"{line} -").address == "10.0.0.7"


def test_the_client_behind_a_proxy_as_cloudfront_writes_it() -> None:
    line = CLOUDFRONT.replace("2001:db8::9", "10.0.0.7")
    for forwarded in ("203.0.113.9,%2010.0.0.2", "10.0.0.2,%20203.0.113.9", "203.0.113.9,%252010.0.0.2"):
        assert request(f"{CLOUDFRONT_FIELDS} x-forwarded-for", f"{line}\t{forwarded}").address == "203.0.113.9"


@pytest.mark.parametrize(
    ("stem", "query"),
    [
        ("/a", '"><script>alert("1")</script>'),
        ("/a", 'x="1'),
        ("/a", '""'),
        ('/"', "b=c"),
        ('/"x""', '"'),
    ],
)
def test_quotes_in_a_scanner_s_request_belong_to_the_request(stem: str, query: str) -> None:
    found = request(IIS_FIELDS, IIS.replace("/a b=c", f"{stem} {query}"))
    assert (found.address, found.status, found.useragent) == ("81.2.69.142", 200, AGENT)
    assert found.path == (stem if query == '""' else f"{stem}?{query}")


def test_quotes_around_blanks_are_removed() -> None:
    found = request(
        "#Fields: date time c-ip cs-uri-stem cs(User-Agent)", '2025-03-12 10:11:12 "81.2.69.142" /a "U A ""1"""'
    )
    assert (found.address, found.useragent) == ("81.2.69.142", 'U A "1"')


def test_an_absolute_target_gives_the_host_without_a_password() -> None:
    found = request(
        "#Fields: date time c-ip cs-method cs-uri", "2025-03-12 10:11:12 81.2.69.142 GET http://a:b@x.example/c"
    )
    assert (found.host, found.scheme, found.path) == ("x.example", "http", "/c")


def test_fields_may_change_within_a_file() -> None:
    shorter = "#Fields: time c-ip cs-method cs-uri-stem cs-host sc-status"
    found = request(
        IIS_FIELDS, IIS, "#Date: 2025-03-13 00:00:00", shorter, "00:00:01 81.2.69.143 GET /b shop.example 404"
    )
    assert (found.time_ms, found.address, found.path) == (1_741_824_001_000, "81.2.69.143", "/b")
    assert (found.host, found.status) == ("shop.example", 404)


@pytest.mark.parametrize(
    "line",
    [
        IIS[: IIS.index(" 200 ")],
        IIS + " 7",
        IIS.replace("81.2.69.142", "81.2.69"),
        IIS.replace("10:11:12", "10:11"),
        IIS.replace("GET /a", "- -"),
    ],
)
def test_a_line_that_fits_only_in_part_is_unparsable(line: str) -> None:
    assert isinstance(read(IIS_FIELDS, line), Unparsable)


def test_lines_before_fields_are_unparsable() -> None:
    assert isinstance(read(IIS), Unparsable)
    assert isinstance(read(CLOUDFRONT), Unparsable)


def test_values_in_quotes() -> None:
    fields = "#Fields: date time c-ip cs-method cs-uri-stem cs(User-Agent) x-note"
    assert request(fields, '2025-03-12 10:11:12 81.2.69.142 GET /a "Mozilla/5.0 (X11)" "said ""no"""').useragent == (
        "Mozilla/5.0 (X11)"
    )


def test_the_client_behind_a_proxy() -> None:
    fields = "#Fields: date time c-ip cs-method cs-uri-stem X-Forwarded-For"
    assert request(fields, "2025-03-12 10:11:12 10.0.0.1 GET /a 203.0.113.9,+10.0.0.2").address == "203.0.113.9"
