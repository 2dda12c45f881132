"""Access logs as JSON, by the names of their keys."""

import json

import pytest

from producers.access_logs.request import Unparsable
from tests.producers.access_logs.log_lines import parsed, read

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
def test_the_names_that_servers_and_people_use(logged: dict[str, object]) -> None:
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


def test_escapes_of_nginx_that_are_no_json() -> None:
    text = json.dumps(NGINX | {"http_user_agent": "AGENT"}).replace("AGENT", r"a \x22b\x22 caf\xC3\xA9")
    assert parsed(text.encode()).useragent == 'a "b" café'


def test_half_a_surrogate_pair_is_a_replacement_character() -> None:
    text = json.dumps(NGINX | {"http_user_agent": "AGENT"}).replace("AGENT", r"UA \ud83d")
    assert parsed(text.encode()).useragent == "UA \ufffd"


@pytest.mark.parametrize("absent", [["time_local"], ["request"], ["remote_addr"]])
def test_an_object_that_only_half_fits_is_unparsable(absent: list[str]) -> None:
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
