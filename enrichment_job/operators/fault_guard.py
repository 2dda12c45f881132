"""The guard around one record: what raises while a record is worked on is that record's failure, and nobody else's.

An exception is a bug. Without the guard a record that meets one would be read again after each restart, for ever, and
hold up everybody's events. A bug that meets every record, or an exception that lost infrastructure causes, is another
thing: after so many failures in a row the exception goes through, and Flink restarts the job from its checkpoint.
"""

import logging
import time
import traceback

from core.flat_event import BadRow

MOST_IN_A_ROW = 100
_SAID_EVERY_S = 60.0
_log = logging.getLogger(__name__)


class NotTheRecordsFaultError(Exception):
    """So many records in a row could not be worked on. Holds the place of the last exception, and none of its text."""


class FaultGuard:
    """Of one function instance. ``in_a_row`` is to be set to 0 where a record went through."""

    def __init__(self) -> None:
        self.in_a_row = 0
        self._said: dict[str, float] = {}

    def rejection(self, error: Exception) -> BadRow:
        """The record's failure. The message names the exception's type and place. Its text is left out, because it may
        hold a value; Flink shows the exception that goes through, so that one holds none either.

        :raises NotTheRecordsFaultError: where it is not the record's.
        """
        self.in_a_row += 1
        place = _place(error)
        if self.in_a_row > MOST_IN_A_ROW:
            error.__traceback__ = None
            error.args = ()
            raise NotTheRecordsFaultError(f"{self.in_a_row} records in a row could not be worked on: {place}") from None
        now = time.monotonic()
        if now >= self._said.get(place, 0.0):
            self._said[place] = now + _SAID_EVERY_S
            _log.error("a record could not be worked on: %s", place)
        return BadRow("internal", "enrich", place)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
