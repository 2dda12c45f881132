"""The time that a back-test looks at."""

from dataclasses import dataclass
from datetime import UTC, datetime

_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Span:
    """ms since 1970 UTC; None: without a limit. The end is not part of it."""

    begin: int | None = None
    end: int | None = None

    def has(self, at: int) -> bool:
        return (self.begin is None or at >= self.begin) and (self.end is None or at < self.end)

    def has_hour(self, day: str, hour: str) -> bool:
        """Whether any of the hour is in it.

        :param day: such as ``2026-11-26``.
        :param hour: 00 to 23, UTC.
        """
        begin = parse_time(f"{day}T{hour}:00")
        return (self.end is None or begin < self.end) and (self.begin is None or begin + _HOUR_MS > self.begin)


def parse_time(text: str) -> int:
    """ISO 8601, a day or a time; UTC unless it says otherwise. In ms since 1970 UTC.

    :raises ValueError: for another text.
    """
    found = datetime.fromisoformat(text)
    return int((found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp() * 1000)
