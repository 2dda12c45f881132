"""What an HTTP answer says, and of whom: of the key that was asked for, or of the API itself. Pure."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

Meaning = Literal["record", "missing", "refused", "down"]
"""record: the body is one; missing: there is no such record; refused: the API works and does not answer for this key;
down: nobody gets an answer now.
"""
MOST_WAIT_S = 300.0
"""Of a ``Retry-After``: a slip there must not be an outage for a day."""

_MISSING = frozenset({404, 410})
_DOWN = frozenset({408, 429})


def meaning_of(status: int) -> Meaning:
    if status == 200:
        return "record"
    if status in _MISSING:
        return "missing"
    return "down" if status >= 500 or status in _DOWN else "refused"


def wait_s(retry_after: str | None, *, now: datetime) -> float:
    """Seconds or an HTTP date; 0 where it is neither."""
    if retry_after is None:
        return 0.0
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MOST_WAIT_S)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
    seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), MOST_WAIT_S)
