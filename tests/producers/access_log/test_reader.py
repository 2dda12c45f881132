"""All layouts together: mixed, truncated and hostile lines."""

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.addresses import read_address
from producers.access_log.client import is_name
from producers.access_log.reader import FAMILIES, LogReader
from producers.access_log.request import REMARK, Remark, Request, Unparsable
from tests.producers.access_log.log_lines import line, read
from tests.producers.access_log.test_alb import LINE as ALB
from tests.producers.access_log.test_json_lines import NGINX
from tests.producers.access_log.test_w3c import CLOUDFRONT, CLOUDFRONT_FIELDS, IIS, IIS_FIELDS

WORD = re.compile(r"[^\s\",;=<>{}']+")
PORT = re.compile(r":\d{1,5}$")
T = ' - - [12/Mar/2025:10:11:12 +0000] "GET /a HTTP/1.1" 200 12 "-" "UA/1"'
WHOLE = [
    line(),
    line(client="shop.example:443 203.0.113.9"),
    b"Mar 12 10:11:12 web1 nginx: " + line(),
    b"Mar 12 10:11:12 2001:db8::1 nginx: " + line(),
    b"2025-03-12T10:11:12Z web1 nginx[1]: " + line(client="2001:db8::9"),
    json.dumps(NGINX).encode(),
    IIS.encode(),
    CLOUDFRONT.encode(),
    ALB.encode(),
]


@pytest.mark.parametrize(
    ("front", "address", "host"),
    [
        ("shop.example:443 81.2.69.142", "81.2.69.142", "shop.example"),
        ("203.0.113.9, 10.0.0.7", "203.0.113.9", None),
        ("203.0.113.9:51234", "203.0.113.9", None),
        ("[2001:db8::9]", "2001:db8::9", None),
        ("Mar 12 10:11:12 web1 nginx: 203.0.113.9", "203.0.113.9", None),
    ],
)
def test_the_prefixes_of_a_combined_line(front: str, address: str, host: str | None) -> None:
    found = read(front + T)
    assert isinstance(found, Request)
    assert (found.address, found.host, found.useragent) == (address, host, "UA/1")


def test_alternating_layouts() -> None:
    reader = LogReader()
    mixed: list[str | bytes] = [
        IIS_FIELDS,
        IIS,
        line(),
        CLOUDFRONT_FIELDS,
        CLOUDFRONT,
        json.dumps(NGINX),
        ALB,
        CLOUDFRONT,
        "x",
        line(),
    ]
    found = [reader.parse(each if isinstance(each, bytes) else each.encode()) for each in mixed]
    assert [each.layout if isinstance(each, Request) else type(each) for each in found] == [
        *(Remark, "w3c", "combined", Remark, "cloudfront", "json", "alb", "cloudfront", Unparsable, "combined")
    ]


def test_a_format_reads_only_its_own_layouts() -> None:
    for family in FAMILIES:
        reader = LogReader((family,))
        reader.parse(IIS_FIELDS.encode())
        read_lines = [each for each in WHOLE if isinstance(reader.parse(each), Request)]
        assert 1 <= len(read_lines) <= 5, family


@pytest.mark.parametrize("blank", ["", " ", "\t", "\r\n", " \r\n", "\ufeff"])
def test_a_blank_line_is_skipped_anywhere(blank: str) -> None:
    reader = LogReader()
    for before in (b"", line(), IIS_FIELDS.encode(), b"Mar 12 10:11:12 web1 nginx: " + line(), b"x"):
        reader.parse(before)
        assert reader.parse(blank.encode()) is REMARK


@pytest.mark.parametrize("first", [line(), json.dumps(NGINX).encode(), ALB.encode()])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"a":1}', "a JSON object without a time and a request"),
        ('{"a":', "not a JSON object"),
        ('Mar 12 10:11:12 web1 nginx: {"a":1}', "a JSON object without a time and a request"),
        (ALB.replace("2025-03-12T10", "2025-03-32T10"), "no valid time"),
        ("203.0.113.9" + T.replace("12/Mar", "32/Mar"), "no valid time"),
        ("Mar 12 10:11:12 web1 nginx: 203.0.113.9" + T.replace("12/Mar", "32/Mar"), "no valid time"),
    ],
)
def test_the_reason_comes_from_the_layout_that_the_line_resembles(first: bytes, content: str, reason: str) -> None:
    assert read(first, content) == Unparsable(reason)


def test_line_ends_and_byte_order_marks() -> None:
    assert read(b"\xef\xbb\xbf" + line() + b"\r\n") == read(line())


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_give_a_request_a_remark_or_a_reason(content: bytes) -> None:
    assert isinstance(read(IIS_FIELDS, content), Request | Unparsable | Remark)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid line with a part of it replaced or removed."""
    whole = draw(st.sampled_from(WHOLE))
    start = draw(st.integers(0, len(whole)))
    end = draw(st.integers(start, min(len(whole), start + 30)))
    pieces = st.binary(max_size=12) | st.sampled_from([b" ", b'"', b"[", b"] ", b"\\", b"-", b"\t", b", ", b":", b"{"])
    return whole[:start] + draw(pieces) + whole[end:]


def addresses(content: bytes) -> set[str]:
    """The addresses that are whole words of the line, with or without a port."""
    words = WORD.findall(content.decode("utf-8", "backslashreplace"))
    return {found for word in words for each in (word, PORT.sub("", word)) if (found := read_address(each)) is not None}


@given(mutated())
def test_in_any_damaged_line_the_client_is_an_address_a_name_or_absent(content: bytes) -> None:
    found = read(CLOUDFRONT_FIELDS, content)
    if isinstance(found, Request):
        address = found.address
        assert address is None or read_address(address) == address or is_name(address)
        if address is not None and read_address(address) is not None:
            assert address in addresses(content)
        for text in (found.request, found.path, found.useragent, found.referrer, found.host):
            (text or "").encode()


@pytest.mark.parametrize(
    "hostile",
    [
        b'"' * 100_000,
        b'1.2.3.4 - - [a] "' + b'[a] "' * 20_000,
        b'1.2.3.4 - - [x] "' + b'\\"' * 60_000,
        b"<1>1 - a b c d " + b'[a b="c"]' * 12_000,
        b'<1>1 - a b c d [a b="' + b"\\]" * 60_000,
        b"a.b " * 30_000,
        b"a" * 120_000 + b" - - [",
        b"1.2.3.4," * 15_000,
        b"1.2.3.4 " + b"a:1" * 40_000 + b' - [x] "',
        b"".join(b"1.2.3.%d " % (n % 256) + b":" * 1_000 + b" - [" for n in range(100)),
        b'{"time":1741774272,"ip":"1.2.3.4","status":200' + b"\\x2" * 30_000,
        b"Mar 12 10:11:12 " + b":" * 120_000,
        b'{"a":' * 30_000,
        b"{" + b"\\x22" * 30_000,
        b'2025-03-12 "' + b'""' * 60_000,
        b"https 2025-03-12T10:11:12Z a b c 1 1 1 " + b"1 " * 60_000,
        b"\xff" * 120_000,
    ],
)
def test_parsing_takes_time_linear_in_the_length_of_the_line(hostile: bytes) -> None:
    began = time.perf_counter()
    assert not isinstance(read(IIS_FIELDS, hostile), Request)
    assert time.perf_counter() - began < 2
