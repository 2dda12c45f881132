"""The state of a browser. Pure."""

from applications.behaviour.features.publication import Publication
from applications.behaviour.features.state import BROWSER, FeaturesState, VisitorFeatures, opened
from core.features.model import HOUR_MS, FeatureSet
from core.features.state import Contribution, EntityState, add, drop_old, pack

_DROP_MS = HOUR_MS
"""After a pause what no window reaches any more is dropped. Else only what a new tile pushes out."""


class BrowserFeatures:
    def __init__(self, declared: FeatureSet, publication: Publication, *, kept_ms: int) -> None:
        """:param kept_ms: longest session and idle time."""
        self._features = declared.of("browser")
        self._ttl_ms = declared.entities["browser"].ttl_ms
        self._publication, self._kept_ms = publication, kept_ms

    def follow(self, visitor: VisitorFeatures, at: int, told: list[Contribution]) -> None:
        """:param told: by an event at ``at``; empty: only the session may have changed."""
        kept, current = visitor.state, visitor.sessions.current
        if not told and (
            not kept.browser
            or current is None
            or (current.start == kept.session_start and current.end == kept.session_end)
        ):
            return
        state = EntityState() if at > kept.newest + self._ttl_ms else opened(kept.browser)
        if told:
            if at > state.newest + _DROP_MS:
                drop_old(state, self._features, self._ttl_ms, at, self._kept_ms)
            add(state, at, told, self._kept_ms)
        if current is not None:
            state.session_start, state.session_end = current.start, current.end
        kept.browser, kept.newest = pack(state), state.newest
        self._publication.put(visitor, BROWSER, state)

    def due(self, kept: FeaturesState) -> int:
        return kept.newest + self._ttl_ms + 1 if kept.browser else 0
