"""The fault guard: an exception while one record is processed fails that record, and no other.

An exception is a bug. Without the guard the record would be read again after each restart, for ever, and hold up all
other events. A bug that every record meets, or an exception that lost infrastructure causes, is different: after
:data:`MOST_IN_A_ROW` failures in a row the guard raises, and Flink restarts the job from its checkpoint.
"""

import logging
import time
import traceback

MOST_IN_A_ROW = 100
_LOGGED_EVERY_S = 60.0
_log = logging.getLogger(__name__)


class NotTheRecordsFaultError(Exception):
    """Too many records in a row could not be processed. Holds the place of the last exception, and not its text."""


class FaultGuard:
    """Of one function instance. The caller sets ``in_a_row`` to 0 whenever a record was processed."""

    def __init__(self) -> None:
        self.in_a_row = 0
        self._logged: dict[str, float] = {}

    def note(self, error: Exception) -> str:
        """The type and place of the exception, for the record's outcome; logged now and then. The exception's text is
        left out, because it may hold a value; so does the exception that is raised, because Flink shows it.

        :raises NotTheRecordsFaultError: after too many failures in a row.
        """
        self.in_a_row += 1
        place = self.log(error)
        if self.in_a_row > MOST_IN_A_ROW:
            error.__traceback__ = None
            error.args = ()
            raise NotTheRecordsFaultError(f"{self.in_a_row} records in a row could not be worked on: {place}") from None
        return place

    def log(self, error: Exception) -> str:
        """Only the place, logged now and then."""
        place, now = place_of(error), time.monotonic()
        if now >= self._logged.get(place, 0.0):
            self._logged[place] = now + _LOGGED_EVERY_S
            _log.error("a record could not be worked on: %s", place)
        return place


def place_of(error: Exception) -> str:
    """Type and place of an exception, without its text, which may hold a value."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
