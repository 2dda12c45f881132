"""What the job's answer desk asks about the events of one request, gathered and put to this service's resolver."""

from collections.abc import Mapping

from contracts.lookup_api.lookups import KINDS, Kind, LookupKey
from core.flat_event import Answer
from core.fragments import AnswerViews
from core.lookups.counts import Counts
from core.lookups.pending_lookup import Ticket
from core.lookups.result_cache import AnswerCache
from lookup_service.clock import now_ms
from lookup_service.resolving.resolver import Resolver


class Questions:
    """In the place of the job's lookup engine: :class:`core.lookups.protocols.Engine`. Keeps nothing."""

    cache: Mapping[Kind, AnswerCache] = dict.fromkeys(KINDS, AnswerCache(0))

    def __init__(self, views: AnswerViews) -> None:
        self.counts = Counts()
        self._views = views
        self._tickets: dict[LookupKey, Ticket] = {}

    def ask(self, kind: Kind, key: str, now: float) -> Ticket:
        asked = LookupKey(kind, key)
        ticket = self._tickets.get(asked)
        if ticket is None:
            ticket = self._tickets[asked] = Ticket(asked, deadline=now)
        return ticket

    def given_up(self, ticket: Ticket, now: float) -> Answer:
        return ticket.answer or self._views.without_value(ticket.key.kind, "timeout")

    async def put_to(self, resolver: Resolver, *, budget_s: float) -> None:
        """Every ticket has its answer afterwards."""
        tickets = list(self._tickets.values())
        entries = await resolver.resolve(list(self._tickets), budget_s=budget_s)
        now = now_ms()
        for ticket, entry in zip(tickets, entries, strict=True):
            ticket.answer = self._views.of_result(ticket.key.kind, entry.result(now))
