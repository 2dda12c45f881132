"""The sessions of a visitor's events, computed plainly: sort and loop. It shares no code with the job."""

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from applications.behaviour.events.logged_event import LoggedEvent

IDLE, DAY, MOST = 30 * 60_000, 24 * 3_600_000, 10_000


@dataclass(frozen=True)
class Session:
    id: str
    start: int
    end: int
    events: int
    page_views: int
    orders: int
    order_value: float
    entry_page: str | None
    exit_page: str | None
    is_engaged: bool
    counts: tuple[tuple[str, int], ...]


def reference(
    kind: str, visitor: str, events: Iterable[LoggedEvent], *, idle: int = IDLE, cap: int = DAY, most: int = MOST
) -> list[Session]:
    distinct = {event.id: event for event in reversed(list(events))}
    groups: list[list[LoggedEvent]] = []
    gaps: list[bool] = []
    for event in sorted(distinct.values(), key=lambda each: (each.tstamp, each.id)):
        gap = not groups or event.tstamp - groups[-1][-1].tstamp > idle
        if gap or event.tstamp - groups[-1][0].tstamp > cap or len(groups[-1]) == most:
            groups.append([])
            gaps.append(gap)
        groups[-1].append(event)
    return [_session(kind, visitor, group, idle, gap=gap) for group, gap in zip(groups, gaps, strict=True)]


def _session(kind: str, visitor: str, events: list[LoggedEvent], idle: int, *, gap: bool) -> Session:
    first, last = events[0], events[-1]
    window = first.tstamp // idle * idle
    name = f"{kind}\0{visitor}\0{window}" + ("" if gap else f"\0{first.tstamp}\0{first.id}")
    digits = int.from_bytes(blake2b(name.encode(), digest_size=10).digest())
    number = window * 2**80 + 7 * 2**76 + (digits // 2**62 % 2**12) * 2**64 + 2 * 2**62 + digits % 2**62
    pages = [event.page for event in events if event.page is not None]
    counts = Counter(event.name for event in events)
    orders = [event for event in events if event.name == "order" and event.amount]
    views = counts["page_view"] + counts["listing_view"]
    key_events = counts["order"] + counts["sign_up"] + counts["listing_create"]
    return Session(
        str(uuid.UUID(int=number)),
        first.tstamp,
        last.tstamp,
        len(events),
        views,
        counts["order"],
        sum(event.amount for event in orders if event.currency == orders[0].currency) / 1000,
        pages[0] if pages else None,
        pages[-1] if pages else None,
        last.tstamp - first.tstamp > 10_000 or key_events > 0 or views > 1,
        tuple(sorted(counts.items())),
    )
