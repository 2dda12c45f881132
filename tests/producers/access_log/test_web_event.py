"""Raw events made from the requests of an access log."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events.raw import MAX_BYTES, RawEvent
from producers.access_log.formats import Format
from producers.access_log.request import Request
from producers.access_log.web_event import WebSite, web_event
from tests.producers.access_log.test_alb import LINE as ALB
from tests.producers.replayed import LINE, LINE_MS, SALT, records, written


def test_an_access_log_line_as_a_raw_event(tmp_path: Path) -> None:
    line = (
        b'2001:db8::7 - - [17/May/2015:12:05:01 +0200] "POST /a?b=1 HTTP/1.1" 404 - '
        b'"https://www.google.com/" "Mozilla/5.0 \\"x\\""'
    )
    settings = WebSite(app_id="shop", site="https://shop.example/")
    sent, _ = records(written(tmp_path / "in", line), Format.COMBINED, web_site=settings)
    made = msgspec.json.decode(sent[0].value)
    assert len(made.pop("event_id")) == 36
    assert re.fullmatch("log-[0-9a-f]{32}", made["actor"].pop("domain_userid"))
    assert made == {
        "schema": "clickstream.raw/1",
        "event_name": "http_request",
        "platform": "srv",
        "actor": {"user_ipaddress": "2001:db8::7", "useragent": 'Mozilla/5.0 "x"'},
        "context": {
            "app_id": "shop",
            "page_url": "https://shop.example/a?b=1",
            "page_referrer": "https://www.google.com/",
        },
        "times": {"dvce_created_tstamp": LINE_MS + 1000},
        "attributes": {
            "http_method": "POST",
            "http_status": 404,
            "http_path": "/a?b=1",
            "http_protocol": "HTTP/1.1",
        },
    }
    assert sent[0].timestamp_ms == LINE_MS + 1000


@pytest.mark.parametrize(
    ("request_line", "page_url"),
    [
        (b"GET http://other.example/x HTTP/1.1", "http://other.example/x"),
        (b"OPTIONS * HTTP/1.1", None),
        (b"CONNECT other.example:443 HTTP/1.1", None),
        (b"\\x16\\x03\\x01", None),
    ],
)
def test_page_url_of_unusual_requests(tmp_path: Path, request_line: bytes, page_url: str | None) -> None:
    line = (LINE % 1).replace(b"GET /a HTTP/1.1", request_line)
    sent, report = records(written(tmp_path / "in", line), Format.COMBINED)
    made = msgspec.json.decode(sent[0].value, type=RawEvent)
    assert made.context.page_url == page_url
    assert report.unparsable == 0


@pytest.mark.parametrize(
    ("front", "page_url", "address"),
    [
        (b"shop.example:443 192.0.2.7", "https://shop.example/a", "192.0.2.7"),
        (b"shop.example:80 192.0.2.7", "http://shop.example/a", "192.0.2.7"),
        (b"shop.example:8080 192.0.2.7", "https://shop.example:8080/a", "192.0.2.7"),
        (b"host.example", "https://www.example.org/a", "host.example"),
        (b"-", "https://www.example.org/a", None),
    ],
)
def test_the_page_url_has_the_host_from_the_log(
    tmp_path: Path, front: bytes, page_url: str, address: str | None
) -> None:
    sent, report = records(written(tmp_path / "in", (LINE % 1).replace(b"192.0.2.7", front)), Format.AUTO)
    made = msgspec.json.decode(sent[0].value, type=RawEvent)
    assert (made.context.page_url, made.actor.user_ipaddress, report.unparsable) == (page_url, address, 0)


@pytest.mark.parametrize(("logged", "status"), [(b"000", 0), (b"009", 9), (b"999", 999)])
def test_an_invalid_status_is_sent_so_that_the_job_reports_it(tmp_path: Path, logged: bytes, status: int) -> None:
    sent, report = records(written(tmp_path / "in", (LINE % 1).replace(b" 200 ", b" %b " % logged)), Format.AUTO)
    assert msgspec.json.decode(sent[0].value)["attributes"]["http_status"] == status
    assert report.unparsable == 0


def test_equal_lines_get_different_ids_that_a_second_replay_repeats(tmp_path: Path) -> None:
    path = written(tmp_path / "in", LINE % 1, LINE % 1, LINE % 2)
    first, _ = records(path, Format.COMBINED)
    second, _ = records(path, Format.COMBINED)
    assert first == second
    assert len({msgspec.json.decode(each.value)["event_id"] for each in first}) == 3


LOGGED = st.text(st.characters(codec="utf-8"), min_size=1)


@given(
    st.builds(lambda text, times: text * times, LOGGED, st.integers(1, 70_000)), LOGGED, st.booleans(), st.booleans()
)
def test_for_any_request_the_event_is_not_too_long(long: str, short: str, path: bool, visitor: bool) -> None:
    long = long[:70_000]
    request = Request(
        layout="combined",
        time_ms=LINE_MS,
        address="2001:db8:1111:2222:3333:4444:5555:6666",
        request=long,
        method=short,
        path=f"/{long}" if path else None,
        status=414,
        bytes=None,
        referrer=long,
        useragent=long,
        visitor=long if visitor else None,
    )
    encoded = web_event(request, event_id="e-0000001", time_ms=LINE_MS, web_site=WebSite(), visitor_salt=SALT)
    assert len(encoded) <= MAX_BYTES
    made = msgspec.json.decode(encoded)
    assert long.startswith(made["actor"]["useragent"])
    assert len(made["actor"]["useragent"]) >= min(len(long), 1_024)


def test_a_long_path_is_an_event(tmp_path: Path) -> None:
    long = b"/" + b"a" * 40_000
    sent, _ = records(written(tmp_path / "in", (LINE % 1).replace(b"/a", long)), Format.AUTO)
    made = msgspec.json.decode(sent[0].value)
    assert made["context"]["page_url"] == ("https://www.example.org" + long.decode())[:16_384]
    assert len(sent[0].value) <= MAX_BYTES


@pytest.mark.parametrize(
    "target",
    [
        "http://ann:secret@x.example/a",
        "http://ann:secret@/a",
        "http://ann:secret@x.example:999999/a",
        "ftp://ann:secret@x.example/a",
        "ws://ann:secret@x.example/a",
        "HTTP://ann:secret@x.example/a",
        "ann:secret@x.example:443",
        "http://ann:se@cret@x.example/a",
    ],
)
@pytest.mark.parametrize("protocol", [" HTTP/1.1", "", " HTTP/x"])
def test_no_target_has_a_password(tmp_path: Path, target: str, protocol: str) -> None:
    request_line = f"GET {target}{protocol}"
    logged = json.dumps({"ts": 1741774272, "ip": "203.0.113.9", "status": 200, "request": request_line}).encode()
    path = written(
        tmp_path / "in",
        (LINE % 1).replace(b"GET /a HTTP/1.1", request_line.encode()),
        logged,
        ALB.replace("GET https://shop.example:443/a?b=c HTTP/1.1", request_line).encode(),
    )
    sent, _ = records(path, Format.AUTO)
    assert len(sent) == 3
    assert not any(b"ann" in each.value or b"cret" in each.value for each in sent)


def test_an_at_sign_in_a_path_stays(tmp_path: Path) -> None:
    line = (LINE % 1).replace(b"/a", b"/u?next=http://a@x.example/")
    made = msgspec.json.decode(records(written(tmp_path / "in", line), Format.AUTO)[0][0].value)
    assert made["attributes"]["http_path"] == "/u?next=http://a@x.example/"
