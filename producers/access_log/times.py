"""Parses the times of logs to ms since 1970 UTC; None for malformed ones and those before 1970 or after 2099."""

import re
from datetime import UTC, datetime, timedelta, timezone

from common.memoize import remembered

_NCSA = re.compile(
    r"(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))? ([+-])(\d{2})(\d{2})", re.ASCII
)
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))? ?(?:Z|UTC|([+-])(\d{2}):?(\d{2}))?", re.ASCII
)
_EPOCH_NUMBER = re.compile(r"\d{9,19}(?:\.\d{1,9})?", re.ASCII)
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: n for n, name in enumerate(_MONTH_NAMES, start=1)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END_MS = 4_102_444_800_000


@remembered(1024)
def ncsa_ms(text: str) -> int | None:
    """``12/Mar/2025:10:11:12 +0000``, or ISO 8601 as ``$time_iso8601`` and ``%{%FT%T%z}t`` write it."""
    found = _NCSA.fullmatch(text)
    if found is None:
        return iso_ms(text)
    if found[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[group]) for group in (1, 3, 4, 5, 6))
    return _ms((year, _MONTHS[found[2]], day, hour, minute, second), _offset(*found.group(8, 9, 10)), found[7])


@remembered(1024)
def iso_ms(text: str) -> int | None:
    """``2025-03-12T10:11:12.345+00:00``; the T may be a blank; UTC if there is no zone."""
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[group]) for group in range(1, 7))
    return _ms((year, month, day, hour, minute, second), _offset(*found.group(8, 9, 10)), found[7])


def epoch_ms(text: str) -> int | None:
    """Seconds since 1970, with or without a fraction; a number too large for that is milli-, micro- or nanoseconds."""
    if _EPOCH_NUMBER.fullmatch(text) is None:
        return None
    whole, _, fraction = text.partition(".")
    seconds_ms = int(whole) * 1000
    if 0 < seconds_ms < _END_MS:
        return seconds_ms + _fraction_ms(fraction)
    return next((at_ms for part in (1, 1_000, 1_000_000) if 0 < (at_ms := int(whole) // part) < _END_MS), None)


def _offset(sign: str | None, hours: str | None, minutes: str | None) -> timedelta:
    return timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)


def _fraction_ms(digits: str) -> int:
    return int(digits.ljust(3, "0")[:3])


def _ms(parts: tuple[int, int, int, int, int, int], offset: timedelta, fraction: str | None) -> int | None:
    year, month, day, hour, minute, second = parts
    # A leap second (60) is taken as second 59.
    second = min(second, 59) if second <= 60 else second
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=timezone(offset))
        time_ms = (at - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return None
    return time_ms + _fraction_ms(fraction or "") if 0 < time_ms < _END_MS else None
