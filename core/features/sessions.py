"""The state of one session, made of its visitor's tiles of a minute or kept by adding to it.

Both give the same as long as events come in order and no other session shares a minute with it. Sessions that end by
idleness never share one. One that begins where the one before reached the cap begins with the whole of its first
minute, as its window says; so begin every session with :func:`session_state`, and add to that.
"""

from collections.abc import Iterable

from core.features.aggregations.kinds import AGGREGATIONS
from core.features.model import SESSION_HOP_MS, Feature
from core.features.state import Contribution, EntityState, add_to
from core.features.tiles import all_tiles, found_in, since_until


def session_state(visitor: EntityState, session_features: Iterable[Feature], start: int, end: int) -> EntityState:
    """Of the events in [floor(start, 1 min), the end of the minute of end].

    :param session_features: of the entity ``session``.
    :param end: time of the session's newest event.
    """
    first, last = start // SESSION_HOP_MS, end // SESSION_HOP_MS
    level, lifetime = visitor.tiles.get(SESSION_HOP_MS), {}
    if level is not None:
        tiles = since_until(all_tiles(level), first, last)
        for feature in session_features:
            if found := found_in(tiles, feature.id):
                lifetime[feature.id] = AGGREGATIONS[feature.kind].merge(feature, found)
    return EntityState(newest=end, lifetime=lifetime, session_start=start, session_end=end)


def add_to_session(session: EntityState, at: int, contributions: Iterable[Contribution]) -> None:
    """Adds an event behind the session's newest one, also one that tells no feature anything. The visitor's state needs
    it as well: see ``state.add``.
    """
    session.newest = session.session_end = max(session.session_end, at)
    for feature, value in contributions:
        add_to(session.lifetime, feature, at, value)
