"""Keys that wait to be sent: bounded, newest first, and dropped unsent once nobody waits for them.

Newest first is what keeps answers useful under overload: the key that has waited longest has the least time left, so
whoever serves it first serves everybody too late.
"""

from collections import OrderedDict

from core.lookups.pending_lookup import PendingLookup


class WaitingKeys:
    """In the order of their deadlines. Filled by the tasks' threads and emptied by the loop's: every step is one
    operation of the dictionary, atomic under the interpreter's lock.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._tickets: OrderedDict[PendingLookup, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tickets)

    def put(self, ticket: PendingLookup) -> bool:
        """Whether there was room."""
        if len(self._tickets) >= self._most:
            return False
        self._tickets[ticket] = None
        return True

    def put_back(self, ticket: PendingLookup) -> bool:
        """One that was taken: it is older than what came since. Whether there was room."""
        if not self.put(ticket):
            return False
        self._tickets.move_to_end(ticket, last=False)
        return True

    def renew(self, ticket: PendingLookup) -> None:
        """Somebody else waits for it now: it is as new as what comes now, if it has not been sent."""
        try:
            self._tickets.move_to_end(ticket)
        except KeyError:
            return

    def overdue(self, now: float) -> list[PendingLookup]:
        """Those whose events have left; they wait no longer."""
        found: list[PendingLookup] = []
        while (oldest := self._pop(last=False)) is not None:
            if oldest.deadline > now:
                self._tickets[oldest] = None
                self._tickets.move_to_end(oldest, last=False)
                break
            found.append(oldest)
        return found

    def take(self, most: int) -> list[PendingLookup]:
        """The newest ones, in the order in which they were asked for."""
        taken: list[PendingLookup] = []
        while len(taken) < most and (newest := self._pop(last=True)) is not None:
            taken.append(newest)
        taken.reverse()
        return taken

    def _pop(self, *, last: bool) -> PendingLookup | None:
        try:
            return self._tickets.popitem(last=last)[0]
        except KeyError:
            return None
