"""Logs of AWS load balancers."""

import pytest

from producers.access_log.request import Request, Unparsable
from tests.producers.access_log.log_lines import parsed, read

LINE = (
    "https 2025-03-12T10:11:12.123456Z app/my-lb/50dc6c495c0c9188 81.2.69.142:2817 10.0.0.1:80 0.086 0.048 0.037 "
    '200 200 0 57 "GET https://shop.example:443/a?b=c HTTP/1.1" "UA \\"1\\"" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 '
    'arn:aws:x "Root=1-58337281" "shop.example" "arn" 1 2025-03-12T10:11:12.000000Z "forward" "-" "-" "10.0.0.1:80"'
)


def test_a_line() -> None:
    assert parsed(LINE.encode()) == Request(
        layout="alb",
        time_ms=1_741_774_272_123,
        address="81.2.69.142",
        request="GET https://shop.example:443/a?b=c HTTP/1.1",
        method="GET",
        path="/a?b=c",
        protocol="HTTP/1.1",
        host="shop.example",
        scheme="https",
        status=200,
        bytes=57,
        referrer=None,
        useragent='UA "1"',
    )


def test_the_classic_load_balancer_has_no_type() -> None:
    assert parsed(LINE.removeprefix("https ").encode()) == parsed(LINE.encode())


@pytest.mark.parametrize("client", ["2001:db8::9:2817", "[2001:db8::9]:2817", "2001:db8:0:0:0:0:0:9:2817"])
def test_ipv6_with_its_port(client: str) -> None:
    assert parsed(LINE.replace("81.2.69.142:2817", client).encode()).address == "2001:db8::9"


def test_a_port_that_is_not_the_scheme_s_default_is_kept() -> None:
    assert parsed(LINE.replace(":443/", ":8443/").encode()).host == "shop.example:8443"


def test_a_request_that_was_not_http() -> None:
    logged = LINE.replace("GET https://shop.example:443/a?b=c HTTP/1.1", "- http://shop.example:80- - ")
    request = parsed(logged.replace(" 200 200 ", " 400 - ").encode())
    assert (request.method, request.path, request.status) == (None, None, 400)
    assert request.request == "- http://shop.example:80- - "


@pytest.mark.parametrize(
    "line",
    [
        LINE[: LINE.index(" ECDHE") - 1],
        LINE.replace("81.2.69.142:2817", "somewhere"),
        LINE.replace("2025-03-12T10", "2025-03-32T10"),
        LINE.replace(" 0.048", ""),
    ],
)
def test_a_line_that_fits_only_in_part_is_unparsable(line: str) -> None:
    assert isinstance(read(line), Unparsable)
