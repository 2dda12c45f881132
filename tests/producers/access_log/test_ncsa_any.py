"""Logged values are parsed back unchanged, and no line makes the parser fail."""

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from producers.access_log.request import Request
from tests.producers.access_log.log_lines import line, parsed, read

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
EDGES = ("-", "")

fields = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=40).filter(lambda s: s not in EDGES)
words = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"\\'), min_size=1, max_size=30)
times = st.datetimes(datetime(1971, 1, 1), datetime(2099, 12, 30))
offsets = st.integers(-12 * 60, 14 * 60)


def escaped(text: str) -> str:
    """The text as Apache writes it: quotes and backslashes escaped, control characters as hexadecimal."""
    written = text.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(f"\\x{ord(each):02x}" if ord(each) < 32 else each for each in written)


@given(
    client=st.ip_addresses(network="203.0.113.0/24").map(str) | st.ip_addresses(network="2001:db8::/32").map(str),
    method=st.sampled_from(["GET", "POST", "PROPFIND", "M-SEARCH"]),
    path=words.map("/".__add__),
    status=st.integers(100, 999) | st.none(),
    size=st.integers(0, 10**14) | st.none(),
    referrer=fields | st.none(),
    agent=fields | st.none(),
    local=times,
    offset=offsets,
)
def test_a_written_line_is_parsed_back(
    *,
    client: str,
    method: str,
    path: str,
    status: int | None,
    size: int | None,
    referrer: str | None,
    agent: str | None,
    local: datetime,
    offset: int,
) -> None:
    at = local.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset)))
    zone = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}{abs(offset) % 60:02d}"
    request = parsed(
        line(
            client=client,
            time=f"{at.day:02d}/{MONTHS[at.month - 1]}/{at.year}:{at:%H:%M:%S} {zone}",
            request=f"{method} {path} HTTP/1.1",
            status="-" if status is None else str(status),
            size="-" if size is None else str(size),
            referrer="-" if referrer is None else escaped(referrer),
            agent="-" if agent is None else escaped(agent),
        )
    )
    assert request == Request(
        layout="combined",
        time_ms=round(at.timestamp() * 1000),
        address=client,
        request=f"{method} {path} HTTP/1.1",
        method=method,
        path=path,
        protocol="HTTP/1.1",
        status=status,
        bytes=size,
        referrer=referrer,
        useragent=agent,
    )


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_bytes_within_the_quotes_are_kept_as_text(agent: bytes, request: bytes) -> None:
    result = read(line().replace(b'"-"', b'"' + agent + b'"').replace(b"GET /a", request))
    if isinstance(result, Request):
        (result.useragent or "").encode()
        (result.request or "").encode()
