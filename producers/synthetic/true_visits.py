"""The truth about a generated stream, for tests: its visits, as the generator made them and not as its events tell."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from producers.synthetic.journey import ON_SERVER, Action
from producers.synthetic.visits import Visit


class TrueEvent(NamedTuple):
    """One valid event. An event that the stream repeats is one event, at the time of its first record."""

    tstamp: int
    """``derived_tstamp``, ms since 1970 UTC."""
    name: Action
    names_account: bool
    names_browser: bool
    """Whether it has the ids of browser and client session."""
    refuses: bool
    """Whether it says that the person does not consent."""
    amount: int = 0
    """Value of an order, in thousandths; 0 for any other event."""
    currency: str = ""


@dataclass(frozen=True, kw_only=True)
class TrueVisit:
    """Browser and client session are those of the visit: account-only events belong to it, too. A bot that does not run
    the tracker has neither.
    """

    domain_userid: str | None
    domain_sessionid: str | None
    user_id: str | None
    """The person's account, also if no event names it; None for a bot."""
    events: list[TrueEvent] = field(default_factory=list)
    """At least one, in the order of arrival."""

    @property
    def account(self) -> str | None:
        """The account if an event names it."""
        return self.user_id if any(event.names_account for event in self.events) else None

    @property
    def start(self) -> int:
        return min(event.tstamp for event in self.events)

    @property
    def end(self) -> int:
        return max(event.tstamp for event in self.events)

    @property
    def order_values(self) -> Mapping[str, int]:
        """Currency to the sum of the orders, in thousandths."""
        values = Counter[str]()
        for event in self.events:
            if event.name == "order":
                values[event.currency] += event.amount
        return values


class TrueVisits:
    """Collects the visits while the stream is generated: ``generate(settings, seen=visits.add)``."""

    def __init__(self) -> None:
        self._visits: dict[bytes, TrueVisit] = {}

    def add(self, visit: Visit, collector_ms: int) -> None:
        """Add the visit's latest event. ``collector_ms``: when the collector received it, ms since 1970 UTC.

        Raises ValueError for a visit without an event.
        """
        if visit.event_id_prefix not in self._visits:
            self._visits[visit.event_id_prefix] = TrueVisit(
                domain_userid=_text(visit.domain_userid),
                domain_sessionid=_text(visit.domain_sessionid),
                user_id=_text(visit.user_id),
            )
        self._visits[visit.event_id_prefix].events.append(_event(visit, collector_ms))

    def all(self) -> list[TrueVisit]:
        """The visits until now, in the order of their first valid events."""
        return list(self._visits.values())


def _event(visit: Visit, collector_ms: int) -> TrueEvent:
    name = visit.action
    if name is None:
        raise ValueError("the visit has no event yet")
    if name not in ON_SERVER:
        has_browser = visit.domain_userid is not None
        return TrueEvent(collector_ms - visit.waited_ms, name, visit.signed_in, has_browser, visit.refuses)
    event = TrueEvent(collector_ms, name, names_account=True, names_browser=not visit.account_only, refuses=False)
    if name != "order" or visit.listing is None:
        return event
    return event._replace(amount=round(visit.listing.price * 1000), currency=visit.listing.currency)


def _text(identifier: bytes | None) -> str | None:
    return None if identifier is None else identifier.decode()
