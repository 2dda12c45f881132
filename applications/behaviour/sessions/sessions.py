"""A visitor's sessions, event by event. Pure: an event and the state in; the event's place and records out.

Events come in the order of time nearly always, and are then added to the newest session. Any other event makes the
visitor's sessions anew from the events that are kept, and publishes what differs. So late events, merges and limits
have one rule: the sessions are those of :func:`applications.behaviour.sessions.fold.sessions`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from applications.behaviour.events.logged_event import LoggedEvent, order_of
from applications.behaviour.sessions import closing
from applications.behaviour.sessions.facts import Facts
from applications.behaviour.sessions.fold import begin, sessions
from applications.behaviour.sessions.out_of_order import with_event
from applications.behaviour.sessions.publication import Published, content_of, record, without_content
from applications.behaviour.sessions.rules import SessionRules, boundary
from applications.behaviour.sessions.state import VisitorSessions, closed_sessions, keep_closed, known_sessions
from contracts.sessions.records import EndReason, SessionRecord

TooLateReason: TypeAlias = Literal["lateness", "state_limit"]
Records: TypeAlias = list[SessionRecord]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Times in ms."""

    update_ms: int = 60_000
    """At least this much time of events is between two updates of a session."""
    lateness_ms: int = 3 * 24 * 3_600_000
    """So long after an event the sessions around it can be corrected."""
    most_kept: int = 20_000
    """Events of a visitor. Beyond it the oldest sessions are sealed."""
    most_at_once: int = 500
    """With more events than this, sessions are not made anew for each event that is out of order."""


class Place(NamedTuple):
    """Where an event stands."""

    session_id: str
    session_index: int
    number: int
    seconds_since_last: float | None
    is_repeated: bool = False


class Sessions:
    def __init__(self, rules: SessionRules, limits: Limits) -> None:
        self._rules = rules
        self._limits = limits
        self.lateness_ms = limits.lateness_ms

    def see(
        self, visitor: VisitorSessions, event: LoggedEvent, watermark: int, records: Records
    ) -> Place | TooLateReason:
        """Add an event. ``records`` gets what is to be published."""
        state, log = visitor.state, visitor.log
        if log.has(event.id):
            return _near(visitor, event, 0, is_repeated=True)
        if event.tstamp < watermark - self._limits.lateness_ms:
            return "lateness"
        if event.tstamp <= state.sealed_until:
            return "state_limit"
        log.append(event)
        current, published = state.current, state.published
        if current is None or published is None:
            place = self._begin(
                visitor, event, closing.reason_before(state, event.tstamp, self._rules.idle_ms), records
            )
        elif event.tstamp > current.end or (event.tstamp == current.end and event.id > current.end_id):
            place = self._append(visitor, current, published, event, watermark, records)
        else:
            place = self._put_between(visitor, current, published, event, watermark, records)
        if len(log) > self._limits.most_kept:
            self._seal(visitor, watermark, records)
        return place

    def renew(
        self, visitor: VisitorSessions, watermark: int, records: Records, superseded_by: str | None = None
    ) -> list[tuple[Facts, Published]]:
        """Make the sessions anew from the events, and publish what differs.

        :param superseded_by: the session of another visitor to which events have gone that are no longer here.
        :returns: the sessions in order.
        """
        state = visitor.state
        events = sorted(visitor.log.events(), key=order_of)
        before = {each.session_id: each for each in known_sessions(state)}
        after = closing.reason_before(state, events[0].tstamp, self._rules.idle_ms) if events else None
        made = list(sessions(visitor.key, events, self._rules, after))
        now: list[Published] = []
        for number, (facts, reason) in enumerate(made, 1):
            is_over = number < len(made) or watermark > facts.end + self._rules.idle_ms
            known = before.pop(facts.session_id, None) or self._new(visitor, facts)
            self._publish(visitor, known, facts, reason if is_over else None, records)
            now.append(known)
        for gone in before.values():
            by = next((facts.session_id for facts, _ in made if facts.start <= gone.start <= facts.end), superseded_by)
            records.append(without_content(visitor.key, gone, "superseded", superseded_by=by))
            state.superseded[gone.session_id] = gone.version
        found = [(facts, known) for (facts, _), known in zip(made, now, strict=True)]
        state.current, state.published = found[-1] if found else (None, None)
        keep_closed(state, now[:-1])
        state.is_dirty = False
        return found

    def due(self, visitor: VisitorSessions) -> int:
        """When time changes something at the earliest: a session ends, or can be forgotten. 0: nothing is kept."""
        current, published = visitor.state.current, visitor.state.published
        if current is None or published is None:
            return 0
        if published.end_reason is None:
            return current.end + self._rules.idle_ms + 1
        closed = closed_sessions(visitor.state)
        oldest = closed[0].end if closed else current.end
        return oldest + self._rules.idle_ms + self._limits.lateness_ms + 1

    def at_time(self, visitor: VisitorSessions, watermark: int, records: Records) -> bool:
        """What the passing of time does. Returns whether anything is still kept."""
        state = visitor.state
        if state.is_dirty:
            self.renew(visitor, watermark, records)
        current, published = state.current, state.published
        if current is None or published is None:
            return False
        if published.end_reason is None and watermark > current.end + self._rules.idle_ms:
            records.append(record(visitor.key, published, current, "end", end_reason="idle"))
        closing.drop_old(visitor, watermark - self._limits.lateness_ms, self._rules.idle_ms)
        return state.current is not None

    def overlap(self, visitor: VisitorSessions, first: int, last: int) -> bool:
        """Whether a session has events in that time; or may have, for all that is known without reading the events."""
        state = visitor.state
        known = closed_sessions(state)
        if state.current is not None and state.current.start <= last and state.current.end >= first:
            return True
        return state.is_dirty or any(each.start <= last and each.end >= first for each in known)

    def give_away(
        self,
        visitor: VisitorSessions,
        wanted: Callable[[LoggedEvent], bool],
        superseded_by: str,
        watermark: int,
        records: Records,
    ) -> list[LoggedEvent]:
        """Take the events out that belong to another visitor, whose session ``superseded_by`` is."""
        events = visitor.log.events()
        given = [event for event in events if wanted(event)]
        if given:
            visitor.log.replace(event for event in events if not wanted(event))
            self.renew(visitor, watermark, records, superseded_by)
        return given

    def take_in(self, visitor: VisitorSessions, events: Sequence[LoggedEvent], watermark: int, records: Records) -> int:
        """Add events that have passed already. Returns how many have no place, because that time is no longer kept."""
        log, sealed_until = visitor.log, visitor.state.sealed_until
        fresh = [event for event in events if not log.has(event.id)]
        for event in fresh:
            if event.tstamp > sealed_until:
                log.append(event)
        if fresh and len(log):
            self.renew(visitor, watermark, records)
        return sum(event.tstamp <= sealed_until for event in fresh)

    def _begin(self, visitor: VisitorSessions, event: LoggedEvent, after: EndReason | None, records: Records) -> Place:
        state = visitor.state
        facts = begin(visitor.key, event, self._rules, after)
        state.current, state.published = facts, self._new(visitor, facts)
        records.append(record(visitor.key, state.published, facts, "start"))
        return Place(facts.session_id, state.published.index, 1, None)

    def _append(  # noqa: PLR0917  # by position: it runs for every event
        self,
        visitor: VisitorSessions,
        current: Facts,
        published: Published,
        event: LoggedEvent,
        watermark: int,
        records: Records,
    ) -> Place:
        reason = boundary(current, event, self._rules)
        if reason is not None:
            self._publish(visitor, published, current, reason, records)
            keep_closed(visitor.state, [*closed_sessions(visitor.state), published])
            return self._begin(visitor, event, reason, records)
        since = (event.tstamp - current.end) / 1000
        current.add(event)
        if published.end_reason is not None:
            is_over = watermark > event.tstamp + self._rules.idle_ms
            self._publish(visitor, published, current, "idle" if is_over else None, records)
        elif event.tstamp - published.at >= self._limits.update_ms:
            records.append(record(visitor.key, published, current, "update"))
        return Place(current.session_id, published.index, current.events, since)

    def _put_between(  # noqa: PLR0917  # as above
        self,
        visitor: VisitorSessions,
        current: Facts,
        published: Published,
        event: LoggedEvent,
        watermark: int,
        records: Records,
    ) -> Place:
        state = visitor.state
        closed = closed_sessions(state)
        before = closed[-1].end if closed else state.sealed_until
        facts = None if state.is_dirty else with_event(visitor.key, current, before, event, self._rules)
        if facts is not None:
            state.current = facts
            self._publish(visitor, published, facts, published.end_reason, records)
            return Place(facts.session_id, published.index, facts.events, None)
        if len(visitor.log) > self._limits.most_at_once:
            state.is_dirty = True
            return _near(visitor, event, current.events + 1)
        made = self.renew(visitor, watermark, records)
        facts, published = next(each for each in reversed(made) if (each[0].start, each[0].start_id) <= order_of(event))
        return Place(facts.session_id, published.index, facts.events, None)

    def _publish(
        self,
        visitor: VisitorSessions,
        published: Published,
        facts: Facts,
        end_reason: EndReason | None,
        records: Records,
    ) -> None:
        """The next record of a session, if it needs one. ``end_reason`` None: it is not over."""
        is_new, was_over = published.version == 0 or not published.numbers.sessions, published.end_reason is not None
        if not is_new and not was_over and end_reason is None:
            if facts.end - published.at >= self._limits.update_ms:
                records.append(record(visitor.key, published, facts, "update"))
        elif is_new:
            kind = closing.first_kind(end_reason)
            records.append(record(visitor.key, published, facts, kind, end_reason=end_reason))
        elif published.end_reason != end_reason or published.content != content_of(facts):
            kind = "correction" if was_over else "end"
            records.append(record(visitor.key, published, facts, kind, end_reason=end_reason))

    def _new(self, visitor: VisitorSessions, facts: Facts) -> Published:
        state = visitor.state
        state.begun += 1
        version = state.superseded.pop(facts.session_id, 0)
        return Published(facts.session_id, state.begun, version=version)

    def _seal(self, visitor: VisitorSessions, watermark: int, records: Records) -> None:
        if visitor.state.is_dirty:
            self.renew(visitor, watermark, records)
        closing.drop_oldest(visitor, self._limits.most_kept, self._rules.idle_ms)


def _near(visitor: VisitorSessions, event: LoggedEvent, number: int, *, is_repeated: bool = False) -> Place:
    """The session that was there at the event's time, or else the first one behind it."""
    known = known_sessions(visitor.state)
    found = next((each for each in reversed(known) if each.start <= event.tstamp), known[0])
    return Place(found.session_id, found.index, number, None, is_repeated)
