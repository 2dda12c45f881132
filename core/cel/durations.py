"""Durations as in ``15m``, ``1h30m`` or ``90d``, in ms."""

import re

_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_WHOLE = re.compile(r"(?:[0-9]{1,9}(?:ms|[smhd]))+", re.ASCII)
_PART = re.compile(r"([0-9]+)(ms|[smhd])", re.ASCII)


def duration_ms(text: str) -> int | None:
    """None where it is no duration."""
    if not _WHOLE.fullmatch(text):
        return None
    return sum(int(number) * _UNIT_MS[unit] for number, unit in _PART.findall(text))
