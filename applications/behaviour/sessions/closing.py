"""What leaves a visitor's state: old sessions after the time for corrections, the oldest ones of too many events, and
everything of a visitor who has opted out.
"""

from applications.behaviour.sessions.ids import time_of
from applications.behaviour.sessions.publication import Published, without_content
from applications.behaviour.sessions.state import (
    SessionsState,
    VisitorSessions,
    closed_sessions,
    keep_closed,
    known_sessions,
)
from contracts.sessions.records import EndReason, Kind, SessionRecord


def reason_before(state: SessionsState, start: int, idle_ms: int) -> EndReason | None:
    """Why the session before the first one that is kept ended; None where there is a gap, or nothing, before it."""
    return "cap" if state.sealed_until >= 0 and start - state.sealed_until <= idle_ms else None


def first_kind(end_reason: EndReason | None) -> Kind:
    """Of a session's first record: late events can open a session that is over."""
    return "start" if end_reason is None else "correction"


def drop_old(visitor: VisitorSessions, before: int, idle_ms: int) -> None:
    """Forget the sessions that no event at or behind ``before`` can touch."""
    state = visitor.state
    closed = closed_sessions(state)
    old = next((number for number, each in enumerate(closed) if each.end + idle_ms >= before), len(closed))
    published = state.published
    if published is not None and published.end_reason is not None and published.end + idle_ms < before:
        clear(visitor, published.end)
    elif old:
        _drop(visitor, closed, old, idle_ms)


def drop_oldest(visitor: VisitorSessions, most_kept: int, idle_ms: int) -> None:
    """Forget as many of the oldest closed sessions as it takes for no more than ``most_kept`` events."""
    closed = closed_sessions(visitor.state)
    excess, dropped = len(visitor.log) - most_kept, 0
    while excess > 0 and dropped < len(closed):
        excess -= closed[dropped].numbers.events
        dropped += 1
    if dropped:
        _drop(visitor, closed, dropped, idle_ms)


def forget(visitor: VisitorSessions) -> list[SessionRecord]:
    """The last records of all sessions that can still be corrected, without content. Nothing is kept."""
    records = [
        without_content(visitor.key, each, "end" if each.end_reason is None else "correction", end_reason="opted_out")
        for each in known_sessions(visitor.state)
    ]
    clear(visitor, visitor.state.sealed_until)
    return records


def clear(visitor: VisitorSessions, sealed_until: int) -> None:
    state = visitor.state
    visitor.log.replace(())
    state.current = state.published = None
    state.closed, state.superseded, state.sealed_until, state.is_dirty = b"", {}, sealed_until, False


def _drop(visitor: VisitorSessions, closed: list[Published], number: int, idle_ms: int) -> None:
    state, last = visitor.state, closed[number - 1]
    state.sealed_until = last.end
    keep_closed(state, closed[number:])
    sealed = (last.end, last.end_id)
    visitor.log.replace(each for each in visitor.log.events() if (each.tstamp, each.id) > sealed)
    # A session begins in the window of its name. So these can still begin again, behind what is sealed.
    state.superseded = {
        name: version for name, version in state.superseded.items() if time_of(name) + idle_ms > last.end
    }
