"""The states of a visitor's sessions. Pure.

Nearly always an event goes on with the current session, whose state is then added to. Whatever else happens to the
sessions, the states of those that it touches are merged anew from the minutes. These are kept as long as a session can
be, and the idle time: the current session can always be made anew. A former session that begins before the oldest
minute keeps the state that it has, and what came so late is not in it.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from applications.behaviour.features.publication import Publication
from applications.behaviour.features.state import SESSION, VisitorFeatures, opened
from applications.behaviour.sessions.publication import Published
from applications.behaviour.sessions.state import closed_sessions, read_closed
from core.features.model import MINUTE_MS, FeatureSet
from core.features.sessions import add_to_session, session_state
from core.features.state import Contribution, EntityState, add, pack
from core.features.tiles import without

CountIncomplete = Callable[[], None]
_NOTHING: Final[list[Contribution]] = []


class _Span(NamedTuple):
    session_id: str
    start: int
    end: int

    def has_minute_of(self, at: int) -> bool:
        return _minute(self.start) <= _minute(at) <= _minute(self.end)


class SessionFeatures:
    def __init__(
        self, declared: FeatureSet, publication: Publication, count_incomplete: CountIncomplete, *, kept_ms: int
    ) -> None:
        """:param kept_ms: so long minutes are kept."""
        self._features = declared.of("session")
        self._publication, self._count_incomplete, self._kept_ms = publication, count_incomplete, kept_ms

    def follow(self, visitor: VisitorFeatures, closed: bytes, at: int, told: list[Contribution]) -> None:
        """:param closed: the closed sessions as they were before.
        :param told: by an event at ``at``; empty: only the sessions may have changed.
        """
        kept, sessions = visitor.state, visitor.sessions
        current = sessions.current
        if told and not self._to_minutes(visitor, at, told):
            told = _NOTHING  # its session will not be made anew either
        if (
            current is not None
            and current.session_id == kept.session_id
            and current.start == kept.session_start
            and current.end >= kept.session_end
            and sessions.closed == closed
            and not (told and kept.shares_minute and _minute(at) == _minute(current.start))
        ):
            if told and _minute(at) >= _minute(current.start):
                self._go_on(visitor, current.start, current.end, at, told)
            elif told:
                # The visitor's sessions are made anew later on. One that has the event's minute and not the event will
                # not differ then.
                self._make_anew(visitor, closed, at)
            elif current.end != kept.session_end and kept.session:
                self._go_on(visitor, current.start, current.end, 0, _NOTHING)
        elif current is not None or kept.session_id or closed:
            self._make_anew(visitor, closed, at if told else None)

    def erase(self, visitor: VisitorFeatures, session_id: str) -> bool:
        """What the minutes of one session have. Whether it is one of the visitor's."""
        kept = visitor.state
        found = next((each for each in _spans(visitor) if each.session_id == session_id), None)
        if found is None:
            return False
        if kept.minutes:
            minutes = opened(kept.minutes)
            if (level := minutes.tiles.pop(MINUTE_MS, None)) is not None:
                left = without(level, _minute(found.start), _minute(found.end))
                if left is not None:
                    minutes.tiles[MINUTE_MS] = left
            kept.minutes = pack(minutes)
        if session_id == kept.session_id:
            kept.session = b""
        return True

    def _to_minutes(self, visitor: VisitorFeatures, at: int, told: list[Contribution]) -> bool:
        """Whether the event's minute is still kept."""
        kept = visitor.state
        minutes = opened(kept.minutes)
        if _minute(at) < self._first_minute(minutes):
            return False
        add(minutes, at, told, self._kept_ms)
        kept.minutes = pack(minutes)
        return True

    def _first_minute(self, minutes: EntityState) -> int:
        return _minute(minutes.newest - self._kept_ms)

    def _go_on(self, visitor: VisitorFeatures, start: int, end: int, at: int, told: list[Contribution]) -> None:
        kept = visitor.state
        state = opened(kept.session)
        add_to_session(state, at, told)
        state.session_start, state.session_end, state.newest = start, end, end
        self._put(visitor, state)

    def _put(self, visitor: VisitorFeatures, state: EntityState) -> None:
        """As the state of the current session."""
        visitor.note_session()
        visitor.state.session = pack(state)
        self._publication.put(visitor, SESSION, state)

    def _make_anew(self, visitor: VisitorFeatures, closed: bytes, at: int | None) -> None:
        """:param at: time of an event that was added; None: of none."""
        kept, current = visitor.state, visitor.sessions.current
        before = {each.session_id: each for each in read_closed(closed)}
        there = {each.session_id for each in _spans(visitor)}
        for session_id in {kept.session_id: None, **before}:
            if session_id and session_id not in there:
                self._publication.erase(visitor, "session", session_id)
        minutes = opened(kept.minutes)
        self._closed_anew(visitor, minutes, before, at)
        if current is None:
            kept.minutes = kept.session = b""
        else:
            end_before = _end_of(before.get(current.session_id))
            self._current_anew(visitor, minutes, _Span(current.session_id, current.start, current.end), end_before, at)

    def _closed_anew(
        self, visitor: VisitorFeatures, minutes: EntityState, before: Mapping[str, Published], at: int | None
    ) -> None:
        kept = visitor.state
        newest = _Span(kept.session_id, kept.session_start, kept.session_end)
        for each in closed_sessions(visitor.sessions):
            span = _Span(each.session_id, each.start, each.end)
            is_touched = at is not None and span.has_minute_of(at)
            if span == newest and not is_touched:
                if kept.session:
                    self._publication.publish_former(visitor, span.session_id, kept.session)
            elif is_touched or before.get(span.session_id) != each:
                known = before.get(span.session_id)
                was_newest = span.session_id == newest.session_id
                self._former_anew(visitor, minutes, span, newest.end if was_newest else _end_of(known))

    def _current_anew(
        self, visitor: VisitorFeatures, minutes: EntityState, span: _Span, end_before: int, at: int | None
    ) -> None:
        """:param end_before: of the same session, where it was a closed one."""
        kept, closed = visitor.state, closed_sessions(visitor.sessions)
        newest = _Span(kept.session_id, kept.session_start, kept.session_end)
        kept.shares_minute = bool(closed) and _minute(closed[-1].end) == _minute(span.start)
        if span == newest and (at is None or not span.has_minute_of(at)):
            return
        if span.session_id == newest.session_id:
            end_before = newest.end
        else:
            kept.session, kept.waiting = b"", kept.waiting & ~SESSION
        if span.end < end_before:
            self._publication.begin_anew(span.session_id)
        state = session_state(minutes, self._features, span.start, span.end)
        if state.lifetime:
            self._put(visitor, state)
        elif kept.session or end_before:
            kept.session = b""
            self._publication.erase(visitor, "session", span.session_id)

    def _former_anew(self, visitor: VisitorFeatures, minutes: EntityState, span: _Span, end_before: int) -> None:
        if _minute(span.start) < self._first_minute(minutes):
            self._count_incomplete()
            return
        state = session_state(minutes, self._features, span.start, span.end)
        if span.end < end_before:
            self._publication.begin_anew(span.session_id)
        if state.lifetime:
            self._publication.put_former(span.session_id, state)
        elif end_before:
            self._publication.erase(visitor, "session", span.session_id)


def _spans(visitor: VisitorFeatures) -> list[_Span]:
    """Of all known sessions in order, the newest one as it is now."""
    found = [_Span(each.session_id, each.start, each.end) for each in closed_sessions(visitor.sessions)]
    current = visitor.sessions.current
    if current is not None:
        found.append(_Span(current.session_id, current.start, current.end))
    return found


def _end_of(published: Published | None) -> int:
    return 0 if published is None else published.end


def _minute(at: int) -> int:
    return at // MINUTE_MS
