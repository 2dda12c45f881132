"""One batch's exchange with the service. Where the whole batch is refused, its halves are asked, and theirs, until the
key at fault is alone: the others get their answers, each as soon as it is there.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Sequence

from core.lookups.counts import Counts, FaultLog
from core.lookups.pending_lookup import PendingLookup
from core.lookups.protocols import Client, Failed, Traces

MOST_REQUESTS = 32
"""For one batch: one bad key among 500 takes 19, two take 35 at most. What is left then is for another exchange."""
SAMPLE = 5
"""So many keys of a batch are asked alone where the service seems to refuse all, to find out whether it does."""
_GRACE_S = 0.1
"""After its budget a client that does not keep to it is given up."""


class Exchange:
    """``ask`` never raises, but for cancellation. What has answers is given to ``settle``; the others are in
    ``refused``, ``failed`` and ``unasked`` after it.
    """

    def __init__(
        self,
        client: Client,
        traces: Traces | None,
        counts: Counts,
        faults: FaultLog,
        settle: Callable[[Sequence[PendingLookup], Sequence[object]], None],
    ) -> None:
        self._client = client
        self._traces = traces
        self._counts = counts
        self._faults = faults
        self._settle = settle
        self._requests = 0
        self._began_at = self._until = 0.0
        self._raised = False
        self.sent_at = 0.0
        """When the request was sent that is under way, or was the last."""
        self.at_service = 0
        """How many keys it asks for."""
        self.answered_in: tuple[float, float] | None = None
        """When the last request that was answered was sent, and when it was answered."""
        self.answered = 0
        """Keys."""
        self.failure: Failed | None = None
        self.refused: list[PendingLookup] = []
        """Each was asked alone."""
        self.failed: list[PendingLookup] = []
        """Those of the request that met the service's failure."""
        self.unasked: list[PendingLookup] = []
        """Neither answered nor asked alone."""

    @property
    def service_failed(self) -> bool:
        """Whether the service showed itself unable, as opposed to unwilling for some of the keys."""
        return self.failure is not None or (self._raised and not self.answered)

    @property
    def refuses_everything(self) -> bool:
        """As far as it was asked."""
        return not self.answered and self.failure is None

    async def ask(self, batch: Sequence[PendingLookup], until: float, *, is_doubtful: bool) -> None:
        """``is_doubtful``: the service seems to refuse whatever it is asked."""
        self._began_at, self._until = time.monotonic(), until
        if not await self._is_refused(batch):
            return
        if len(batch) == 1:
            self.refused += batch
            return
        await self._ask_parts(batch, is_doubtful=is_doubtful)

    async def _ask_parts(self, batch: Sequence[PendingLookup], *, is_doubtful: bool) -> None:
        """In no order: bad keys that came together, or by turns, shall not hide that the service answers others."""
        everyone = random.sample(batch, len(batch))
        parts = _halves(everyone)
        if is_doubtful:
            parts = [everyone[SAMPLE:], *([ticket] for ticket in everyone[:SAMPLE])]
        while (part := parts.pop() if parts else None) and self._may_ask(is_doubtful=is_doubtful):
            if not await self._is_refused(part):
                continue
            if len(part) == 1:
                self.refused += part
            else:
                parts += _halves(part)
        self.unasked += itertools.chain(part or (), *parts)

    def _may_ask(self, *, is_doubtful: bool) -> bool:
        most = 1 + SAMPLE if is_doubtful and not self.answered else MOST_REQUESTS
        return self._requests < most and self.failure is None and time.monotonic() < self._until

    async def _is_refused(self, tickets: Sequence[PendingLookup]) -> bool:
        """As opposed to answered, and to the service's failure."""
        got = await self._once(tickets)
        if got == "refused":
            return True
        if got == "timeout" and self._until - self.sent_at < (self._until - self._began_at) / 2:
            self.unasked += tickets  # what was asked before took the time
            return False
        if isinstance(got, str):
            self.failure = got
            self.failed += tickets
            return False
        self.answered += len(tickets)
        self.answered_in = (self.sent_at, time.monotonic())
        self._settle(tickets, got)
        return False

    async def _once(self, batch: Sequence[PendingLookup]) -> list[object] | tuple[object, ...] | Failed:
        """One result per ticket; of any type, where the client gave others."""
        keys = [ticket.key for ticket in batch]
        self.sent_at, self.at_service = time.monotonic(), len(keys)
        budget_s = max(0.001, self._until - self.sent_at)
        self._requests += 1
        self._counts.requests += 1
        got: object
        try:
            async with asyncio.timeout(budget_s + _GRACE_S):
                if self._traces is None:
                    got = await self._client.lookup(keys, budget_s)
                else:
                    got = await self._traces.request(self._client, keys, batch, budget_s)
        except TimeoutError:
            return "timeout"
        except OSError:
            return "error"
        except Exception as error:
            self._raised = True
            self._faults.note("a lookup request", type(error).__name__)
            return "refused"
        if isinstance(got, str) and got in ("timeout", "error"):
            return "timeout" if got == "timeout" else "error"
        return got if isinstance(got, list | tuple) and len(got) == len(keys) else "refused"


def _halves(part: Sequence[PendingLookup]) -> list[Sequence[PendingLookup]]:
    middle = len(part) // 2
    return [part[middle:], part[:middle]]
