"""The guard around one record: what raises while a record is worked on is that record's failure, and nobody else's.

An exception is a bug. Without the guard a record that meets one would be read again after each restart, for ever, and
hold up everybody's events. A bug that meets every record, or an exception that lost infrastructure causes, is another
thing: after so many failures in a row the exception goes through, and Flink restarts the job from its checkpoint.
"""

import logging
import traceback

from enrichment_job.outcome import Rejected

MOST_IN_A_ROW = 100
_log = logging.getLogger(__name__)


class FaultGuard:
    """Of one function instance. ``in_a_row`` is to be set to 0 where a record went through."""

    def __init__(self) -> None:
        self.in_a_row = 0

    def rejection(self, error: Exception) -> Rejected:
        """The record's failure; raises ``error`` where it is not the record's.

        The message names the exception's type and place. Its text is left out, because it may hold a value.
        """
        self.in_a_row += 1
        if self.in_a_row > MOST_IN_A_ROW:
            raise error
        place = _place(error)
        _log.error("a record could not be worked on: %s", place)
        return Rejected("internal", "enrich", place)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
