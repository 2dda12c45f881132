"""Sessions of a visitor's events from scratch. What is kept event by event must equal this."""

from collections.abc import Iterable, Iterator

from applications.behaviour.events.logged_event import LoggedEvent
from applications.behaviour.events.visitor_key import VisitorKey
from applications.behaviour.sessions.facts import Facts
from applications.behaviour.sessions.ids import session_id
from applications.behaviour.sessions.rules import SessionRules, boundary
from contracts.sessions.records import EndReason


def begin(visitor: VisitorKey, event: LoggedEvent, rules: SessionRules, after: EndReason | None) -> Facts:
    """A session with its first event. ``after``: why the one before it ended; None: there is none."""
    after_gap = after is None or after == "idle"
    name = session_id(visitor, event.tstamp, event.id, rules.idle_ms, after_gap=after_gap)
    facts = Facts(name, event.tstamp, event.id, event.tstamp, event.id)
    facts.add(event)
    return facts


def sessions(
    visitor: VisitorKey, events: Iterable[LoggedEvent], rules: SessionRules, after: EndReason | None = None
) -> Iterator[tuple[Facts, EndReason]]:
    """(session, why it ended), in the order of time. The last one's reason is ``idle``, for nothing else can end it.

    :param events: in order, each once.
    :param after: why the session before the first event ended, where there is one that is no longer kept.
    """
    current: Facts | None = None
    for event in events:
        if current is None:
            current = begin(visitor, event, rules, after)
            continue
        reason = boundary(current, event, rules)
        if reason is None:
            current.add(event)
        else:
            yield current, reason
            current = begin(visitor, event, rules, reason)
    if current is not None:
        yield current, "idle"
