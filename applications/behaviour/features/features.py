"""A visitor's features, brought up to what sessions did. Pure: an event's part and the sessions in, changed states out.

An event counts where it came on its own visitor's key and has a place in a session. What was forwarded or moved to a
browser counts for its sessions' limits only. A session has the events of the minutes from its first one to its last
one. So the features of each session are those of the minutes, whatever came late or was made anew, and a session that
only goes on is added to.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, NamedTuple, Protocol

from applications.behaviour.features.browser import BrowserFeatures
from applications.behaviour.features.outbox import Outbox
from applications.behaviour.features.publication import Publication
from applications.behaviour.features.sessions import SessionFeatures
from applications.behaviour.features.state import FeaturesState, VisitorFeatures
from applications.behaviour.sessions.state import known_sessions
from contracts.features.erasures import EraseFeatures
from core.features.contributions import Contributions
from core.features.model import EntityName, FeatureSet
from core.features.source_events import BehaviourEvent
from core.features.state import Contribution


class Before(NamedTuple):
    """What sessions had of the visitor before they did something."""

    closed: bytes


class Count(Protocol):
    def __call__(self, name: Literal["session_features_incomplete", "features_erased"], n: int = 1) -> None: ...


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
    ) -> None:
        """:param clock: the wall's, in ms since 1970 UTC.
        :param cap_ms: no session is longer.
        :param idle_ms: between two sessions without a limit.
        :param publish_ms: between two records of one entity, at least.
        """
        self._outbox, self._clock, self._count = outbox, clock, count
        self._of_browsers = Contributions(declared, "behaviour", frozenset({"browser", "session"}))
        self._of_accounts = Contributions(_keyed_by_account(declared), "behaviour", frozenset({"session"}))
        self._publication = Publication(declared, outbox, clock, publish_ms)
        self._browser = BrowserFeatures(declared, self._publication) if declared.of("browser") else None
        self._sessions = (
            SessionFeatures(declared, self._publication, count, kept_ms=cap_ms + idle_ms)
            if declared.of("session")
            else None
        )

    def told(self, visitor: VisitorFeatures, event: BehaviourEvent) -> Told | None:
        """What an event tells that came on the visitor's own key; None: nothing."""
        of = self._of_browsers if visitor.key.kind == "browser" else self._of_accounts
        found: dict[EntityName, list[Contribution]] = {entity: told for entity, _, told in of.of(event)}
        return Told(event.derived_tstamp, found.get("browser", []), found.get("session", [])) if found else None

    def before(self, visitor: VisitorFeatures) -> Before:
        return Before(visitor.sessions.closed)

    def follow(self, visitor: VisitorFeatures, before: Before, told: Told | None = None) -> None:
        """After sessions did something.

        :param told: by an event that has a place now.
        """
        at, of_browser, of_session = told or (0, [], [])
        if self._browser is not None and visitor.key.kind == "browser":
            self._browser.follow(visitor, at, of_browser)
        if self._sessions is not None:
            self._sessions.follow(visitor, before.closed, at, of_session)
        visitor.note_session()
        self._publication.publish(visitor)

    def due(self, state: FeaturesState) -> int:
        """When the browser's features can be forgotten; 0: there are none."""
        return self._browser.due(state) if self._browser is not None else 0

    def at_time(self, visitor: VisitorFeatures, before: Before, watermark: int) -> None:
        """After sessions were at their timer."""
        self.follow(visitor, before)
        if self._browser is not None and 0 < self._browser.due(visitor.state) <= watermark:
            self._publication.erase(visitor, "browser", visitor.key.id)
            visitor.state.browser, visitor.state.newest = b"", 0

    def publication_due(self, visitor: VisitorFeatures) -> int:
        """When what waits must be published, by the clock; 0: nothing waits."""
        return self._publication.due(visitor.state)

    def publish_waiting(self, visitor: VisitorFeatures) -> None:
        self._publication.publish(visitor)

    def erase(self, visitor: VisitorFeatures) -> None:
        """All of a visitor and of its known sessions."""
        if visitor.key.kind == "browser":
            self._publication.erase(visitor, "browser", visitor.key.id)
        state = visitor.state
        known = dict.fromkeys(each.session_id for each in known_sessions(visitor.sessions))
        if state.session_id:
            known[state.session_id] = None
        for session_id in known:
            self._publication.erase(visitor, "session", session_id)
        state.browser = state.minutes = state.session = b""
        state.newest = 0
        self._count("features_erased")

    def erase_unknown(self, browser: str) -> None:
        """Of a browser that the job knows nothing of: what has outlived its state."""
        self._outbox.erase("browser", browser, self._clock())

    def erase_session(self, visitor: VisitorFeatures, erased: EraseFeatures) -> bool:
        """Whether the session is one of the visitor's."""
        found = self._sessions is not None and self._sessions.erase(visitor, erased.entity_id)
        if found:
            self._publication.erase(visitor, "session", erased.entity_id)
            self._count("features_erased")
        return found

    def erase_unknown_session(self, session_id: str) -> None:
        self._outbox.erase("session", session_id, self._clock())


def _keyed_by_account(declared: FeatureSet) -> FeatureSet:
    """An account's sessions are of events that have no browser."""
    entities = dict(declared.entities)
    if "session" in entities:
        entities["session"] = replace(entities["session"], key="user_id")
    return replace(declared, entities=entities)
