"""Tells the states of those who have opted out. No Flink.

The enrichment lets no event of theirs pass any more, so their state would not hear of it. Each task therefore looks for
new opt-outs in its mirror of the store, and sends each to its key. After a start every opt-out is new: which ones came
while the job did not run is not known, and to be told twice changes nothing.
"""

import time
from collections.abc import Collection, Iterator

from applications.behaviour.visitors import output
from applications.behaviour.visitors.output import Record
from common.flink.subtask import Subtask
from contracts.features.erasures import Forget

_EVERY_S = 1.0
_AT_ONCE = 200
"""Messages at a time, so that a long list after a start does not hold up the events."""


class NewOptOuts:
    def __init__(self, subjects: Collection[str], subtask: Subtask) -> None:
        """:param subjects: the mirror, which another thread changes."""
        self._subjects = subjects
        self._subtask = subtask
        self._at_start = set(subjects)
        self._told: set[str] = set()
        self._waiting: Iterator[str] = iter(())
        self._next_s = 0.0

    def messages(self, now: float) -> list[Record]:
        """The messages that are due; call it with each record. ``now``: monotonic, in seconds."""
        if now < self._next_s or not (self._subjects or self._told):
            return []
        found = []
        for subject in self._waiting:
            found.append(subject)
            if len(found) >= _AT_ONCE:
                break
        else:
            self._next_s = now + _EVERY_S
            present = set(self._subjects)
            new, self._told = present - self._told, present
            self._waiting = iter([each for each in new if each not in self._at_start or self._is_own(each)])
            self._at_start = set()
        now_ms = time.time_ns() // 1_000_000
        return [output.message(each, Forget(each, now_ms), now_ms) for each in found]

    def _is_own(self, subject: str) -> bool:
        """Those of before the start, who may be many, are told by one subtask each, whichever has their key. A later
        one is told by every subtask: one that has no records at the moment would not tell it.
        """
        return sum(subject.encode("utf-8", "surrogatepass")) % self._subtask.parallelism == self._subtask.number
