"""What the job does with a record and with a visitor's timer: the modules over one parse and one state. Pure."""

from collections.abc import Collection

from applications.behaviour.events.behaviour_event import logged, read_event
from applications.behaviour.events.logged_event import LoggedEvent
from applications.behaviour.features.features import Features
from applications.behaviour.metric_names import Count
from applications.behaviour.sessions.sessions import Place, Sessions
from applications.behaviour.visitors import output
from applications.behaviour.visitors.forgetting import Forgetting
from applications.behaviour.visitors.identities import identity
from applications.behaviour.visitors.kept import Kept, Visitor
from applications.behaviour.visitors.links import Links
from applications.behaviour.visitors.messages import (
    Forwarded,
    Linked,
    Message,
    Moved,
    Unlinked,
    in_parts,
    is_event,
    read_message,
)
from applications.behaviour.visitors.output import Record
from contracts.features.erasures import EraseFeatures, Forget
from contracts.sessions.records import SessionRecord
from core.features.source_events import BehaviourEvent


class Behaviour:
    def __init__(
        self,
        sessions: Sessions,
        links: Links,
        count: Count,
        opted_out: Collection[str] = (),
        features: Features | None = None,
    ) -> None:
        """:param count: is told what became of each event.
        :param opted_out: accounts and browsers, as it is at each moment.
        :param features: which tell of their changes in an outbox of their own; None: none are kept.
        """
        self._features = features
        self._sessions = sessions
        self._links = links
        self._count = count
        self._forgetting = Forgetting(opted_out, count, features)

    def receive(self, kept: Kept, value: bytes, watermark: int) -> list[Record]:
        """A record of the key: an event of the visitor, or a message to it.

        :raises msgspec.MsgspecError: it is neither. Only this project's jobs write the topics, so that is a bug.
        """
        return self.take(kept, value, read(value), watermark)

    def take(self, kept: Kept, value: bytes, found: BehaviourEvent | Message, watermark: int) -> list[Record]:
        """As :meth:`receive`. ``found`` is what the value holds."""
        if isinstance(found, BehaviourEvent):
            return self._of_event(kept, value, found, watermark)
        records = self._of_message(kept, found, watermark)
        _remove_empty(kept)
        return records

    def due(self, kept: Kept) -> int:
        """When the visitor's timer must fire at the latest; 0: never."""
        times = [self._sessions.due(each.sessions) or self._links.due(each.state.links) for each in kept.visitors()]
        if self._features is not None:
            times += [self._features.due(each.state.features) for each in kept.visitors()]
        else:  # they are switched off: what was kept before goes
            times += [each.state.features.newest + 1 for each in kept.visitors() if each.state.features.browser]
        return min((each for each in times if each), default=0)

    def at_time(self, kept: Kept, watermark: int) -> list[Record]:
        """The visitor's timer: what the passing of time ends, and what is old enough to be forgotten."""
        if self._forgetting.has_opted_out(kept.key):
            return self._forgetting.forget(kept, watermark)
        records: list[SessionRecord] = []
        for visitor in kept.visitors():
            closed_before = visitor.state.sessions.closed
            self._sessions.at_time(visitor.sessions, watermark, records)
            self._links.drop_old(visitor.state, watermark - self._sessions.lateness_ms)
            if self._features is not None:
                self._features.at_time(visitor.features, closed_before, watermark)
            else:
                visitor.features.end()
        _remove_empty(kept)
        return [output.session(each) for each in records]

    def publication_due(self, kept: Kept) -> int:
        """When features that have changed must be published at the latest, by the clock; 0: none wait."""
        features = self._features
        times = [] if features is None else [features.publication_due(each.features) for each in kept.visitors()]
        return min((each for each in times if each), default=0)

    def publish_features(self, kept: Kept, now: int) -> list[Record]:
        """The clock's timer."""
        if self._forgetting.has_opted_out(kept.key):
            return self._forgetting.forget(kept, now)
        if self._features is not None:
            for visitor in kept.visitors():
                self._features.publish(visitor.features)
        return []

    def _of_event(self, kept: Kept, value: bytes, event: BehaviourEvent, watermark: int) -> list[Record]:
        if self._forgetting.has_opted_out(event.user_id, event.domain_userid):
            self._count("events_suppressed")
            return self._forgetting.forget(kept, event.derived_tstamp)
        if event.domain_userid is not None:
            return self._of_browser(kept, value, event, watermark)
        return self._of_account(kept, value, event, watermark)

    def _of_message(self, kept: Kept, message: Message, watermark: int) -> list[Record]:
        match message:
            case Forwarded():
                return self._forwarded(kept, message, watermark)
            case Linked():
                return self._linked(kept, message, watermark)
            case Moved():
                return self._moved(kept, message, watermark)
            case Unlinked():
                return self._unlinked(kept, message)
            case Forget():
                forgetting = self._forgetting
                return (
                    forgetting.forget(kept, message.tstamp) if kept.visitors() else forgetting.forget_unknown(message)
                )
            case EraseFeatures():
                if self._features is not None:
                    self._features.take_erasure([each.features for each in kept.visitors()], message)
                return []

    def _forwarded(self, kept: Kept, forwarded: Forwarded, watermark: int) -> list[Record]:
        event = read_event(forwarded.event)
        if self._forgetting.has_opted_out(kept.key, event.user_id):
            # They opted out while it was on its way.
            self._count("events_suppressed")
            return self._forgetting.forget(kept, event.derived_tstamp)
        visitor, records = kept.visitor("browser", forwarded.tstamp), list[Record]()
        self._see(visitor, forwarded.event, event, logged(event), watermark, records, is_own=False)
        return records

    def _of_account(self, kept: Kept, value: bytes, event: BehaviourEvent, watermark: int) -> list[Record]:
        visitor, seen, records = kept.visitor("account", event.derived_tstamp), logged(event), list[Record]()
        browser = self._links.browser_of(visitor.state, seen)
        if browser is None:
            if self._see(visitor, value, event, seen, watermark, records) is None:
                _remove_empty(kept)
            return records
        self._count("events_forwarded")
        return [output.message(browser, Forwarded(event.derived_tstamp, value), event.collector_tstamp)]

    def _of_browser(self, kept: Kept, value: bytes, event: BehaviourEvent, watermark: int) -> list[Record]:
        records: list[Record] = []
        visitor, tstamp, account = kept.visitor("browser", event.derived_tstamp), event.derived_tstamp, event.user_id
        place = self._see(visitor, value, event, logged(event), watermark, records)
        if place is None:
            _remove_empty(kept)
        elif (
            account is not None and not place.is_repeated and self._links.must_tell(visitor.state.told, account, tstamp)
        ):
            linked = Linked(account, visitor.key.id, place.session_id, visitor.state.first_seen, tstamp)
            records.append(output.message(account, linked, event.collector_tstamp))
        return records

    def _see(  # noqa: PLR0917  # by position: it runs for every event
        self,
        visitor: Visitor,
        value: bytes,
        event: BehaviourEvent,
        seen: LoggedEvent,
        watermark: int,
        records: list[Record],
        *,
        is_own: bool = True,
    ) -> Place | None:
        """Where the event stands; None: no session has it.

        :param is_own: it came on the visitor's own key, and counts for its features.
        """
        sessions: list[SessionRecord] = []
        closed_before = visitor.state.sessions.closed
        place = self._sessions.see(visitor.sessions, seen, watermark, sessions)
        if isinstance(place, str):
            self._count("events_too_late")
            records.append(output.without_session(value, event, visitor.key.id, place, watermark))
            return None
        self._count("events_repeated" if place.is_repeated else "events_sessionized")
        records.append(output.sessionized(value, event, visitor, place))
        if sessions:
            records += map(output.session, sessions)
        if self._features is not None and not place.is_repeated:
            self._features.take(visitor.features, closed_before, event if is_own else None)
        return place

    def _linked(self, kept: Kept, linked: Linked, watermark: int) -> list[Record]:
        if self._forgetting.has_opted_out(linked.account):
            # The opt-out came before the link: the browser has not heard of it.
            told = output.message(linked.browser, Forget(linked.browser, linked.tstamp), linked.tstamp)
            return [*self._forgetting.forget(kept, linked.tstamp), told]
        if self._forgetting.has_opted_out(linked.browser):
            return []
        visitor = kept.visitor("account", linked.tstamp)
        link, is_new = self._links.learn(visitor.state.links, linked)
        records: list[Record] = []
        if is_new:
            records.append(output.identity(identity(linked.account, visitor.state, linked.tstamp), linked.tstamp))
        sessions: list[SessionRecord] = []
        if not self._sessions.overlap(visitor.sessions, *self._links.reach_of(link)):
            return records
        closed_before = visitor.state.sessions.closed
        moved = self._sessions.give_away(
            visitor.sessions,
            lambda event: self._links.covers(link, event.tstamp),
            linked.session_id,
            watermark,
            sessions,
        )
        if moved:
            self._count("events_moved", len(moved))
            for event in moved:
                self._links.note_sent(visitor.state, event, link.browser)
            for part in in_parts(moved):
                records.append(output.message(linked.browser, Moved(linked.tstamp, part), linked.tstamp))
            records += map(output.session, sessions)
            if self._features is not None:
                self._features.take(visitor.features, closed_before, None)
        return records

    def _moved(self, kept: Kept, moved: Moved, watermark: int) -> list[Record]:
        if self._forgetting.has_opted_out(kept.key, *(each.user for each in moved.events)):
            return self._forgetting.forget(kept, moved.tstamp)
        sessions: list[SessionRecord] = []
        visitor = kept.visitor("browser", moved.tstamp)
        closed_before = visitor.state.sessions.closed
        self._count("events_unplaced", self._sessions.take_in(visitor.sessions, moved.events, watermark, sessions))
        if self._features is not None:
            self._features.take(visitor.features, closed_before, None)
        return [output.session(each) for each in sessions]

    def _unlinked(self, kept: Kept, unlinked: Unlinked) -> list[Record]:
        visitor = kept.account
        if visitor is None or not self._links.forget(visitor.state, unlinked.browser):
            return []
        return [output.identity(identity(visitor.key.id, visitor.state, unlinked.tstamp), unlinked.tstamp)]


def read(value: bytes) -> BehaviourEvent | Message:
    """:raises msgspec.MsgspecError: the value is neither."""
    return read_event(value) if is_event(value) else read_message(value)


def _remove_empty(kept: Kept) -> None:
    """A visitor without sessions, links and features has no timer, so that it would be kept for ever."""
    for visitor in kept.visitors():
        state = visitor.state
        if state.sessions.current is None and not state.links and not state.features.browser:
            kept.remove(visitor)
