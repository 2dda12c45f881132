"""A visitor's features, brought up to what sessions did. Pure: an event's part and the sessions in, changed states out.

An event counts where it came on its own visitor's key and has a place in a session. What was forwarded or moved to a
browser counts for its sessions' limits only. A session has the events of the minutes from its first one to its last
one. So the features of each session are those of the minutes, whatever came late or was made anew, and a session that
only goes on is added to.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import NamedTuple

from applications.behaviour.features.browser import BrowserFeatures
from applications.behaviour.features.outbox import Outbox
from applications.behaviour.features.publication import Publication
from applications.behaviour.features.sessions import SessionFeatures
from applications.behaviour.features.state import FeaturesState, VisitorFeatures
from applications.behaviour.metric_names import Count
from applications.behaviour.sessions.state import known_sessions
from common.flink.fault_guard import FaultGuard
from contracts.features.erasures import EraseFeatures
from core.features.contributions import Contributions
from core.features.model import EntityName, FeatureSet
from core.features.source_events import BehaviourEvent
from core.features.state import Contribution

_END_OF_STREAM = 2**63 - 1
"""Flink's last watermark, of a job that is drained."""
ENTITIES: frozenset[EntityName] = frozenset({"browser", "session"})
"""That this job keeps. The job features has the others."""


class Told(NamedTuple):
    """What an event tells the features of its visitor."""

    at: int
    browser: list[Contribution]
    session: list[Contribution]


class Features:
    def __init__(
        self,
        declared: FeatureSet,
        outbox: Outbox,
        clock: Callable[[], int],
        count: Count,
        *,
        cap_ms: int,
        idle_ms: int,
        publish_ms: int,
        publish_values: bool = True,
    ) -> None:
        """:param clock: the wall's, in ms since 1970 UTC.
        :param cap_ms: no session is longer.
        :param idle_ms: between two sessions without a limit.
        :param publish_ms: between two records of one entity, at least.
        :param publish_values: whether a record has the values beside the state.
        """
        self.outbox, self._clock, self._count = outbox, clock, count
        self._faults = FaultGuard()
        self._of_browsers = Contributions(declared, "behaviour", ENTITIES)
        self._of_accounts = Contributions(_keyed_by_account(declared), "behaviour", frozenset({"session"}))
        self._publication = Publication(declared, outbox, clock, publish_ms, with_values=publish_values)
        kept_ms = cap_ms + idle_ms
        self._browser = (
            BrowserFeatures(declared, self._publication, kept_ms=kept_ms) if declared.of("browser") else None
        )
        self._sessions = (
            SessionFeatures(declared, self._publication, self._count_incomplete, kept_ms=kept_ms)
            if declared.of("session")
            else None
        )

    def told(self, visitor: VisitorFeatures, event: BehaviourEvent) -> Told | None:
        """What an event tells that came on the visitor's own key; None: nothing."""
        of = self._of_browsers if visitor.key.kind == "browser" else self._of_accounts
        found: dict[EntityName, list[Contribution]] = {entity: told for entity, _, told in of.of(event)}
        return Told(event.derived_tstamp, found.get("browser", []), found.get("session", [])) if found else None

    def take(self, visitor: VisitorFeatures, closed_before: bytes, event: BehaviourEvent | None) -> None:
        """As :meth:`follow`. A bug costs the visitor's features this event; its session has it all the same.

        :param event: that came on the visitor's own key and has a place now; None: only the sessions have changed.
        """
        before, mark = copy(visitor.state), self.outbox.mark()
        try:
            self.follow(visitor, closed_before, None if event is None else self.told(visitor, event))
        except Exception as error:  # a bug
            visitor.set(before)
            visitor.changed = {}
            self.outbox.back_to(mark)
            self._faults.log(error)
            self._count("features_failed")

    def follow(self, visitor: VisitorFeatures, closed_before: bytes, told: Told | None = None) -> None:
        """After sessions did something.

        :param closed_before: the closed sessions as they were before, packed.
        :param told: by an event that has a place now.
        """
        self._drop_undeclared(visitor)
        at, of_browser, of_session = told or (0, [], [])
        if self._browser is not None and visitor.key.kind == "browser":
            self._browser.follow(visitor, at, of_browser)
        if self._sessions is not None:
            self._sessions.follow(visitor, closed_before, at, of_session)
        visitor.note_session()
        self._publication.publish(visitor)

    def due(self, state: FeaturesState) -> int:
        """When the browser's features can be forgotten; 0: there are none."""
        if self._browser is not None:
            return self._browser.due(state)
        return state.newest + 1 if state.browser else 0

    def at_time(self, visitor: VisitorFeatures, closed_before: bytes, watermark: int) -> None:
        """After sessions were at their timer.

        At the end of the stream the state ends, for the job was stopped for good. What it has told of features stays.
        """
        if watermark >= _END_OF_STREAM:
            self._publication.publish(visitor, is_last=True)
            visitor.end()
            return
        self.follow(visitor, closed_before)
        if self._browser is not None and 0 < self._browser.due(visitor.state) <= watermark:
            self._erase_browser(visitor)

    def publication_due(self, visitor: VisitorFeatures) -> int:
        """When what waits must be published, by the clock; 0: nothing waits."""
        return self._publication.due(visitor.state)

    def publish(self, visitor: VisitorFeatures) -> None:
        """What waits, at the clock's timer."""
        visitor.timer = 0
        self._drop_undeclared(visitor)
        self._publication.publish(visitor)

    def erase(self, visitor: VisitorFeatures) -> None:
        """All of a visitor and of its known sessions."""
        if visitor.key.kind == "browser":
            self._erase_browser(visitor)
        self._erase_sessions(visitor)
        self._count("features_erased")

    def _erase_browser(self, visitor: VisitorFeatures) -> None:
        self._publication.erase(visitor, "browser", visitor.key.id)
        visitor.state.browser, visitor.state.newest = b"", 0

    def _erase_sessions(self, visitor: VisitorFeatures) -> None:
        state = visitor.state
        known = dict.fromkeys(each.session_id for each in known_sessions(visitor.sessions))
        if state.session_id:
            known[state.session_id] = None
        for session_id in known:
            self._publication.erase(visitor, "session", session_id)
        state.minutes = state.session = b""

    def _drop_undeclared(self, visitor: VisitorFeatures) -> None:
        """What is kept of an entity that the file of features had when the job ran before."""
        if self._browser is None and visitor.state.browser:
            self._erase_browser(visitor)
        if self._sessions is None and (visitor.state.minutes or visitor.state.session):
            self._erase_sessions(visitor)

    def erase_unknown(self, entity: EntityName, entity_id: str) -> None:
        """What may have outlived the state, or has none: the job knows nothing of the entity."""
        self.outbox.erase(entity, entity_id, self._clock())

    def take_erasure(self, visitors: Sequence[VisitorFeatures], asked: EraseFeatures) -> None:
        """What somebody wants erased of a browser, or of a session of one of these visitors."""
        if asked.entity == "browser":
            for visitor in visitors:
                if visitor.key.kind == "browser":
                    self.erase(visitor)
                    return
        elif asked.entity == "session":
            for visitor in visitors:
                if self._sessions is not None and self._sessions.erase(visitor, asked.entity_id):
                    self._publication.erase(visitor, "session", asked.entity_id)
                    self._count("features_erased")
                    return
        else:
            return  # the job features has it
        self.erase_unknown(asked.entity, asked.entity_id)

    def _count_incomplete(self) -> None:
        self._count("session_features_incomplete")


def _keyed_by_account(declared: FeatureSet) -> FeatureSet:
    """An account's sessions are of events that have no browser."""
    entities = dict(declared.entities)
    if "session" in entities:
        entities["session"] = replace(entities["session"], key="user_id")
    return replace(declared, entities=entities)
