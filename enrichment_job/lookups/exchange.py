"""One batch's exchange with the service. Where the service refuses the whole batch, its halves are sent, and halves of
halves, until the key at fault is alone. The other keys get their results as soon as their part is answered.
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
"""For one batch: one bad key among 500 takes 19, two take 35 at most. The keys that are left then wait for another
exchange."""
SAMPLE = 5
"""So many keys of a batch are sent alone where the service seems to refuse everything, to find out whether it does."""
_GRACE_S = 0.1
"""How much longer than its budget a client may take before its request is cancelled."""


class Exchange:
    """:meth:`ask` raises nothing but ``CancelledError``. It hands lookups that have results to ``complete``; afterwards
    the others are in ``refused``, ``failed`` and ``unasked``.
    """

    def __init__(
        self,
        client: Client,
        traces: Traces | None,
        counts: Counts,
        faults: FaultLog,
        complete: Callable[[Sequence[PendingLookup], Sequence[object]], None],
    ) -> None:
        self._client = client
        self._traces = traces
        self._counts = counts
        self._faults = faults
        self._complete = complete
        self._requests = 0
        self._began_at = self._until = 0.0
        self._raised = False
        self.sent_at = 0.0
        """When the request under way, or else the last one, was sent."""
        self.at_service = 0
        """How many keys that request has."""
        self.answered_in: tuple[float, float] | None = None
        """When the last request with results was sent, and when they came."""
        self.answered = 0
        """How many keys have results."""
        self.failure: Failed | None = None
        self.refused: list[PendingLookup] = []
        """Each was sent alone, and refused."""
        self.failed: list[PendingLookup] = []
        """The keys of the request that met the service's failure."""
        self.unasked: list[PendingLookup] = []
        """Neither answered nor sent alone."""

    @property
    def service_failed(self) -> bool:
        """Whether the service showed itself unable, as opposed to unwilling for some of the keys."""
        return self.failure is not None or (self._raised and not self.answered)

    @property
    def refuses_everything(self) -> bool:
        """Whether no key of this batch was answered, though the service works."""
        return not self.answered and self.failure is None

    async def ask(self, batch: Sequence[PendingLookup], until: float, *, is_doubtful: bool) -> None:
        """
        :param until: seconds of :func:`time.monotonic`.
        :param is_doubtful: the service seems to refuse everything.
        """
        self._began_at, self._until = time.monotonic(), until
        if not await self._is_refused(batch):
            return
        if len(batch) == 1:
            self.refused += batch
            return
        await self._ask_parts(batch, is_doubtful=is_doubtful)

    async def _ask_parts(self, batch: Sequence[PendingLookup], *, is_doubtful: bool) -> None:
        """In random order: bad keys that came together, or by turns, must not hide that the service answers others."""
        everyone = random.sample(batch, len(batch))
        parts = _halves(everyone)
        if is_doubtful:
            parts = [everyone[SAMPLE:], *([each] for each in everyone[:SAMPLE])]
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

    async def _is_refused(self, lookups: Sequence[PendingLookup]) -> bool:
        """Send one request. False where it was answered, or where the service failed."""
        results = await self._once(lookups)
        if results == "refused":
            return True
        if results == "timeout" and self._until - self.sent_at < (self._until - self._began_at) / 2:
            self.unasked += lookups  # earlier requests of this exchange took the time, so the service has not failed
            return False
        if isinstance(results, str):
            self.failure = results
            self.failed += lookups
            return False
        self.answered += len(lookups)
        self.answered_in = (self.sent_at, time.monotonic())
        self._complete(lookups, results)
        return False

    async def _once(self, batch: Sequence[PendingLookup]) -> list[object] | tuple[object, ...] | Failed:
        """One result per lookup, each of any type: what a client returns is not trusted."""
        keys = [pending.key for pending in batch]
        self.sent_at, self.at_service = time.monotonic(), len(keys)
        budget_s = max(0.001, self._until - self.sent_at)
        self._requests += 1
        self._counts.requests += 1
        results: object
        try:
            async with asyncio.timeout(budget_s + _GRACE_S):
                if self._traces is None:
                    results = await self._client.lookup(keys, budget_s)
                else:
                    results = await self._traces.request(self._client, keys, batch, budget_s)
        except TimeoutError:
            return "timeout"
        except OSError:
            return "error"
        except Exception as error:
            self._raised = True
            self._faults.note("a lookup request", type(error).__name__)
            return "refused"
        if isinstance(results, str) and results in ("timeout", "error"):
            return "timeout" if results == "timeout" else "error"
        return results if isinstance(results, list | tuple) and len(results) == len(keys) else "refused"


def _halves(part: Sequence[PendingLookup]) -> list[Sequence[PendingLookup]]:
    middle = len(part) // 2
    return [part[middle:], part[:middle]]
