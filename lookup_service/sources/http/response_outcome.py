"""Classifies an HTTP response: whether its status concerns the requested key or the API as a whole. Pure."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

Outcome = Literal["record", "missing", "refused", "down"]
"""record: the body is a record; missing: the record does not exist; refused: the API works but rejects this key;
down: the API answers no request now.
"""
MAX_RETRY_AFTER_S = 300.0
"""Upper limit of a ``Retry-After``, so that a wrong value there does not cause an outage of a day."""

_MISSING = frozenset({404, 410})
_DOWN = frozenset({408, 429})


def outcome_of(status: int) -> Outcome:
    if status == 200:
        return "record"
    if status in _MISSING:
        return "missing"
    return "down" if status >= 500 or status in _DOWN else "refused"


def retry_after_s(header: str | None, *, now: datetime) -> float:
    """Seconds to wait, from a number of seconds or an HTTP date; 0 for any other text."""
    if header is None:
        return 0.0
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
    seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)
