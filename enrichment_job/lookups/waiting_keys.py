"""Keys that wait to be sent: bounded, newest first, and dropped unsent once no event waits for them.

Newest first keeps results useful under overload. The key that has waited longest has the least time left: a queue that
sends it first sends every key too late.
"""

from collections import OrderedDict

from core.lookups.pending_lookup import PendingLookup


class WaitingKeys:
    """Pending lookups in the order of their deadlines. The tasks' threads fill it and the event loop's thread empties
    it. Every step is one operation of the dictionary, which is atomic under the interpreter's lock.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lookups: OrderedDict[PendingLookup, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._lookups)

    def put(self, pending: PendingLookup) -> bool:
        """False where the queue is full."""
        if len(self._lookups) >= self._most:
            return False
        self._lookups[pending] = None
        return True

    def put_back(self, pending: PendingLookup) -> bool:
        """Put back a lookup that was taken, as the oldest one. False where the queue is full."""
        if not self.put(pending):
            return False
        self._lookups.move_to_end(pending, last=False)
        return True

    def renew(self, pending: PendingLookup) -> None:
        """Another event waits for it now, so it becomes the newest one. Nothing where it has been sent already."""
        try:
            self._lookups.move_to_end(pending)
        except KeyError:
            return

    def overdue(self, now: float) -> list[PendingLookup]:
        """Take out the lookups whose events have all left."""
        found: list[PendingLookup] = []
        while (oldest := self._pop(last=False)) is not None:
            if oldest.deadline > now:
                self._lookups[oldest] = None
                self._lookups.move_to_end(oldest, last=False)
                break
            found.append(oldest)
        return found

    def take(self, most: int) -> list[PendingLookup]:
        """Take out the newest ones, ``most`` at most, in the order in which they were asked for."""
        taken: list[PendingLookup] = []
        while len(taken) < most and (newest := self._pop(last=True)) is not None:
            taken.append(newest)
        taken.reverse()
        return taken

    def _pop(self, *, last: bool) -> PendingLookup | None:
        try:
            return self._lookups.popitem(last=last)[0]
        except KeyError:
            return None
