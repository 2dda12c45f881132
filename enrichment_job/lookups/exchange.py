"""One batch's exchange with the service. Where the whole batch is refused, its halves are asked, and theirs, until the
key at fault is alone: the others get their answers.
"""

import asyncio
import time
from collections.abc import Sequence

from contracts.lookup import LookupResult
from enrichment_job.lookups.counts import Counts, FaultLog
from enrichment_job.lookups.protocols import Client, Failed, Traces
from enrichment_job.lookups.ticket import Ticket
from enrichment_job.lookups.wire import UNREADABLE

MOST_REQUESTS = 32
"""For one batch: one bad key among 500 takes 19, two take 35 at most."""
_GRACE_S = 0.1
"""After its budget a client that does not keep to it is given up."""


class Exchange:
    """``results`` never raises, but for cancellation; then ask ``service_failed``."""

    def __init__(self, client: Client, traces: Traces | None, counts: Counts, faults: FaultLog, until: float) -> None:
        self._client = client
        self._traces = traces
        self._counts = counts
        self._faults = faults
        self._until = until
        self._requests_left = MOST_REQUESTS
        self._raised = False
        self._failed: Failed | None = None
        self.was_answered = False
        """Whether any of the keys was."""

    @property
    def service_failed(self) -> bool:
        """Whether the service showed itself unable, as opposed to unwilling for some of the keys."""
        return self._failed is not None or (self._raised and not self.was_answered)

    @property
    def timed_out(self) -> bool:
        return self._failed == "timeout"

    async def results(self, batch: Sequence[Ticket], *, apart: bool) -> Sequence[object] | Failed:
        """One per ticket; of any type, where the client gave others. ``apart``: halves may be asked."""
        got = await self._once(batch)
        if got != "refused" or not apart or len(batch) == 1:
            return got
        middle = len(batch) // 2
        found: list[object] = []
        for half in (batch[:middle], batch[middle:]):
            part: Sequence[object] | Failed = "refused"
            if self._requests_left and time.monotonic() < self._until and not self._failed:
                part = await self.results(half, apart=True)
            found.extend([_as_result(part)] * len(half) if isinstance(part, str) else part)
        return found

    async def _once(self, batch: Sequence[Ticket]) -> Sequence[object] | Failed:
        keys = [ticket.key for ticket in batch]
        budget_s = max(0.001, self._until - time.monotonic())
        self._requests_left -= 1
        self._counts.requests += 1
        got: object
        try:
            async with asyncio.timeout(budget_s + _GRACE_S):
                if self._traces is None:
                    got = await self._client.lookup(keys, budget_s)
                else:
                    got = await self._traces.request(self._client, keys, batch, budget_s)
        except TimeoutError:
            got = "timeout"
        except OSError:
            got = "error"
        except Exception as error:
            self._raised = True
            self._faults.note("a lookup request", type(error).__name__)
            return "refused"
        if isinstance(got, str) and got in ("timeout", "error"):
            self._failed = "timeout" if got == "timeout" else "error"
            return self._failed
        if isinstance(got, list | tuple) and len(got) == len(keys):
            self.was_answered = True
            return got
        return "refused"


def _as_result(failed: str) -> LookupResult:
    return LookupResult(status="timeout") if failed == "timeout" else UNREADABLE
