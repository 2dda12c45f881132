"""JSON access logs, recognised by the names of their keys."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.access_log.request import Unparsable
from tests.producers.access_log.log_lines import parsed, read

MS = 1_741_774_272_000
NGINX = {
    "time_local": "12/Mar/2025:10:11:12 +0000",
    "remote_addr": "203.0.113.9",
    "request": "GET /a?b=c HTTP/1.1",
    "status": "200",
    "body_bytes_sent": "12",
    "http_referer": "https://x.example/",
    "http_user_agent": "UA/1",
    "host": "shop.example",
    "scheme": "https",
}
APACHE = {
    "time": "2025-03-12T10:11:12+0000",
    "remoteIP": "203.0.113.9",
    "method": "GET",
    "request": "GET /a?b=c HTTP/1.1",
    "protocol": "HTTP/1.1",
    "status": 200,
    "bytes": 12,
    "referer": "https://x.example/",
    "userAgent": "UA/1",
    "vhost": "shop.example",
    "port": "443",
}
CADDY = {
    "level": "info",
    "ts": 1741774272.0,
    "logger": "http.log.access",
    "request": {
        "remote_ip": "203.0.113.9",
        "proto": "HTTP/1.1",
        "method": "GET",
        "host": "shop.example",
        "uri": "/a?b=c",
        "headers": {"User-Agent": ["UA/1"], "Referer": ["https://x.example/"]},
        "tls": {"version": 772},
    },
    "size": 12,
    "status": 200,
}
TRAEFIK = {
    "ClientAddr": "203.0.113.9:51000",
    "ClientHost": "203.0.113.9",
    "DownstreamContentSize": 12,
    "DownstreamStatus": 200,
    "RequestHost": "shop.example",
    "RequestMethod": "GET",
    "RequestPath": "/a?b=c",
    "RequestProtocol": "HTTP/1.1",
    "RequestScheme": "https",
    "StartUTC": "2025-03-12T10:11:12.0Z",
    "request_Referer": "https://x.example/",
    "request_User-Agent": "UA/1",
}
ELASTIC = {
    "@timestamp": "2025-03-12T10:11:12.000Z",
    "client": {"address": "203.0.113.9"},
    "http": {
        "request": {"method": "GET", "referrer": "https://x.example/"},
        "response": {"status_code": 200, "body": {"bytes": 12}},
        "version": "HTTP/1.1",
    },
    "url": {"original": "/a?b=c", "domain": "shop.example", "scheme": "https"},
    "user_agent": {"original": "UA/1"},
}


@pytest.mark.parametrize("logged", [NGINX, APACHE, CADDY, TRAEFIK, ELASTIC], ids=["nginx", "apache", "caddy", "t", "e"])
def test_common_names_of_json_fields(logged: dict[str, object]) -> None:
    request = parsed(json.dumps(logged).encode())
    assert (request.time_ms, request.address, request.host, request.layout) == (
        MS,
        "203.0.113.9",
        "shop.example",
        "json",
    )
    assert (request.method, request.path, request.protocol) == ("GET", "/a?b=c", "HTTP/1.1")
    assert (request.status, request.bytes) == (200, 12)
    assert (request.useragent, request.referrer) == ("UA/1", "https://x.example/")


@pytest.mark.parametrize(
    "time",
    [
        {"time": "[12/Mar/2025:10:11:12 +0000]"},
        {"msec": "1741774272.000"},
        {"msec": 1741774272},
        {"timestamp": 1741774272000},
        {"timestamp": "2025-03-12 10:11:12"},
        {"ts": 1741774272000000000},
        {"date": "2025-03-12", "time": "10:11:12"},
    ],
)
def test_times(time: dict[str, object]) -> None:
    rest = {name: value for name, value in NGINX.items() if name != "time_local"}
    assert parsed(json.dumps(rest | time).encode()).time_ms == MS


@pytest.mark.parametrize(
    ("client", "address"),
    [
        ({"remote_addr": "203.0.113.9, 10.0.0.7"}, "203.0.113.9"),
        ({"remote_addr": "[2001:db8::9]:443"}, "2001:db8::9"),
        ({"remote_addr": "10.0.0.7", "http_x_forwarded_for": "203.0.113.9, 10.0.0.2"}, "203.0.113.9"),
        ({"remote_addr": "-"}, None),
        ({"remote_addr": "crawl.example.org"}, "crawl.example.org"),
    ],
)
def test_clients(client: dict[str, str], address: str | None) -> None:
    assert parsed(json.dumps(NGINX | client).encode()).address == address


def test_escapes_of_nginx_that_are_not_valid_json() -> None:
    text = json.dumps(NGINX | {"http_user_agent": "AGENT"}).replace("AGENT", r"a \x22b\x22 caf\xC3\xA9")
    assert parsed(text.encode()).useragent == 'a "b" café'


def test_half_a_surrogate_pair_is_a_replacement_character() -> None:
    text = json.dumps(NGINX | {"http_user_agent": "AGENT"}).replace("AGENT", r"UA \ud83d")
    assert parsed(text.encode()).useragent == "UA \ufffd"


@pytest.mark.parametrize("absent", [["time_local"], ["request"], ["remote_addr"]])
def test_an_object_that_fits_only_in_part_is_unparsable(absent: list[str]) -> None:
    rest = {name: value for name, value in NGINX.items() if name not in absent}
    assert isinstance(read(json.dumps(rest)), Unparsable)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        '{"a":1}',
        json.dumps(NGINX)[:-2],
        json.dumps(NGINX | {"remote_addr": "192.0.2.777"}),
        '{"time":9e999}',
    ],
)
def test_other_json_is_no_request(text: str) -> None:
    assert isinstance(read(text), Unparsable)


def without(*names: str, **changed: object) -> bytes:
    """An nginx line without some of its keys and with other ones."""
    return json.dumps({name: value for name, value in NGINX.items() if name not in names} | changed).encode()


@pytest.mark.parametrize(
    ("asked", "method", "path"),
    [
        ({"request": "/a", "query": "?b=c", "method": "GET"}, "GET", "/a?b=c"),
        ({"request": "/a?b=c", "verb": "GET", "path": "/var/log/nginx/access.log"}, "GET", "/a?b=c"),
        ({"request": "/a?b=c", "verb": "GET", "uri": "/x"}, "GET", "/a?b=c"),
        ({"request": "https://shop.example/a?b=c", "verb": "GET"}, "GET", "/a?b=c"),
        ({"request": "/a?b=c HTTP/1.1", "verb": "GET"}, "GET", "/a?b=c"),
        ({"request": "/a b.html", "verb": "GET"}, "GET", "/a b.html"),
        ({"request": "GET", "uri": "/a?b=c"}, "GET", "/a?b=c"),
        ({"request": "PROPFIND", "uri": "/a", "args": "b=c"}, "PROPFIND", "/a?b=c"),
        ({"verb": "GET", "url": "/a?b=c", "path": "/var/log/nginx/access.log"}, "GET", "/a?b=c"),
        ({"request": "GET /a?b=c HTTP/1.1", "path": "/var/log/nginx/access.log"}, "GET", "/a?b=c"),
    ],
)
def test_the_key_request_may_have_the_line_the_path_or_the_method(
    asked: dict[str, str], method: str, path: str
) -> None:
    request = parsed(without("request", **asked))
    assert (request.method, request.path, request.host) == (method, path, "shop.example")


@pytest.mark.parametrize("request_line", ["", "-", None, []])
def test_a_connection_without_a_request_is_an_event_as_in_combined_logs(request_line: object) -> None:
    request = parsed(without(request=request_line, status="408"))
    assert (request.request, request.method, request.path, request.status) == (None, None, None, 408)


@pytest.mark.parametrize(
    "other",
    [
        {"request": "please reset my password"},
        {"path": "/home/ann/report.pdf"},
        {"path": "/home/ann/report.pdf", "status": "done"},
        {"path": "/login", "method": "password"},
        {"url": "https://x.example/", "code": "E12"},
        {"request": ""},
    ],
)
def test_an_object_with_neither_a_method_nor_a_status_is_no_request(other: dict[str, str]) -> None:
    assert isinstance(read(without("request", "status", **other)), Unparsable)


@pytest.mark.parametrize(
    "asked", [{"request": "X /a HTTP/1.1"}, {"uri": "/a", "method": "get"}, {"uri": "/a", "status": 200}]
)
def test_a_request_line_a_method_or_a_status_is_enough(asked: dict[str, object]) -> None:
    assert parsed(without("request", "status", **asked)).path == "/a"


TEXTS = st.text(st.characters(codec="utf-8")).filter(lambda each: each not in ("", "-") and "\\x" not in each)


@given(TEXTS)
def test_a_text_of_a_json_log_is_decoded_as_json(text: str) -> None:
    request = parsed(without(http_user_agent=text, http_referer=text, args=text))
    assert (request.useragent, request.referrer) == (text, text)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"C:\\new\\table", r"C:\new\table"),
        (r"a\\\"b", r"a\"b"),
        (r"caf\\xc3\\xa9", "café"),
        (r"\\xe4\\xe5", r"\xe4\xe5"),
        (r"\x5Cx41", r"\x41"),
        (r"\xC3\xA9 \\x16", r"é \x16"),
        (r"\x22 a\\n", '" a\\n'),
    ],
)
def test_escapes_are_decoded_once(written: str, text: str) -> None:
    logged = without(http_user_agent="AGENT").replace(b"AGENT", written.encode())
    assert parsed(logged).useragent == text


def test_paths_are_unescaped_once_too() -> None:
    request = parsed(without("request", uri=r"/a\nb", args=r"c\td"))
    assert request.path == r"/a\nb?c\td"


@pytest.mark.parametrize(
    ("names", "host"),
    [
        ({"server_name": "_"}, None),
        ({"host": "_", "server_name": "shop.example"}, "shop.example"),
        ({"host": "_:443"}, None),
        ({"host": "203.0.113.9"}, "203.0.113.9"),
    ],
)
def test_the_name_of_nginx_s_catch_all_server_is_no_host(names: dict[str, str], host: str | None) -> None:
    request = parsed(without("host", **names))
    assert (request.host, request.address) == (host, "203.0.113.9")


@pytest.mark.parametrize(
    "name",
    [
        "x_real_ip", "http_x_real_ip", "realip", "cf_connecting_ip", "http_cf_connecting_ip", "true_client_ip",
        "http_true_client_ip", "request_X-Forwarded-For", "http_x_forwarded_for", "xff", "client_ip", "http_forwarded",
    ],
)  # fmt: skip
@pytest.mark.parametrize("said", ["203.0.113.9", "unknown, 203.0.113.9", "for=203.0.113.9"])
def test_the_client_behind_a_proxy(name: str, said: str) -> None:
    assert parsed(without(remote_addr="10.0.0.7", **{name: said})).address == "203.0.113.9"
    assert parsed(without(remote_addr="198.51.100.7", **{name: said})).address == "198.51.100.7"


def test_of_several_client_fields_the_one_with_a_public_address_is_used() -> None:
    line = without(remote_addr="10.0.0.7", http_x_forwarded_for="10.0.0.2", x_real_ip="203.0.113.9")
    assert parsed(line).address == "203.0.113.9"


def test_the_client_that_traefik_logs_in_addition_to_the_proxy() -> None:
    logged = TRAEFIK | {"ClientAddr": "10.0.0.7:51000", "ClientHost": "203.0.113.9"}
    assert parsed(json.dumps(logged).encode()).address == "203.0.113.9"


@pytest.mark.parametrize(
    ("names", "protocol", "scheme"),
    [
        ({"protocol": "https"}, None, "https"),
        ({"protocol": "HTTP"}, None, "http"),
        ({"protocol": "https", "server_protocol": "HTTP/2.0"}, "HTTP/2.0", "https"),
        ({"protocol": "HTTP/1.1", "scheme": "https"}, "HTTP/1.1", "https"),
        ({"scheme": "wss"}, None, "https"),
    ],
)
def test_a_protocol_may_be_a_scheme(names: dict[str, str], protocol: str | None, scheme: str) -> None:
    request = parsed(without("request", "scheme", uri="/a", **names))
    assert (request.protocol, request.scheme) == (protocol, scheme)
