"""From when on an anchor's windows have events, in SQL.

Only events up to the anchor count, whatever happened later: a value is what could be known then.
"""

from collections.abc import Iterable
from typing import Final

from core.features.model import LIFETIME, MINUTE_MS, SESSION, Entity, Window
from training.offline.event_tables import SESSIONS
from training.offline.sql_text import column

ANCHORS: Final = "anchors"
"""Table: n, entity_id, asked_at (ms since 1970 UTC)."""
ASKED: Final = "asked"
"""Table: n, id (whose events), asked_at, until (no later event counts), and each window's beginning, NULL where it is
empty."""
SEEN: Final = "touched"
"""View: id and happened_at of every event that the entity's state takes."""


def whose_sql(entity: Entity, key: str) -> str:
    """Whose events they are. A session's are its visitor's: the browser's, else the account's."""
    if entity.name != "session":
        return column(key)
    return "(CASE WHEN domain_userid IS NOT NULL THEN 'browser:' || domain_userid ELSE 'account:' || user_id END)"


def placed_sql(entity: Entity, session_idle_ms: int) -> str:
    """SELECT of the anchors with the session that they are in: n, id, asked_at, until, session_start (NULL: in none).

    A session has the whole of its first and its last minute, as the jobs keep it in tiles of a minute.
    """
    begun = f"s.start_tstamp - s.start_tstamp % {MINUTE_MS}"
    lasts = (
        f"CASE WHEN a.asked_at <= s.end_tstamp + {session_idle_ms} AND a.asked_at >= s.start_tstamp THEN {begun} END"
    )
    if entity.name == "session":
        last = f"s.end_tstamp - s.end_tstamp % {MINUTE_MS} + {MINUTE_MS - 1}"
        return (
            f"SELECT a.n, s.visitor_kind || ':' || s.visitor_id AS id, a.asked_at, least(a.asked_at, {last}) AS until, "
            f"{lasts} AS session_start FROM {ANCHORS} a JOIN {SESSIONS} s ON s.session_id = a.entity_id"
        )
    if entity.name == "browser":
        return (
            f"SELECT a.n, a.entity_id AS id, a.asked_at, a.asked_at AS until, {lasts} AS session_start "
            f"FROM {ANCHORS} a ASOF LEFT JOIN (SELECT * FROM {SESSIONS} WHERE visitor_kind = 'browser') s "
            "ON s.visitor_id = a.entity_id AND a.asked_at >= s.start_tstamp"
        )
    return f"SELECT n, entity_id AS id, asked_at, asked_at AS until, NULL::BIGINT AS session_start FROM {ANCHORS}"


def asked_sql(entity: Entity, windows: Iterable[Window], session_idle_ms: int) -> str:
    """SELECT of the table ``asked``.

    A state is erased when its entity had no event for its time to live; the next event begins a new one. So what was
    before such a pause is in no window.
    """
    begins = ", ".join(f"{_begin(window)} AS {begin_column(window)}" for window in windows)
    pauses = (
        f"SELECT id, happened_at, CASE WHEN happened_at - lag(happened_at) OVER (PARTITION BY id ORDER BY happened_at) "
        f"<= {entity.ttl_ms} THEN NULL ELSE happened_at END AS begins FROM {SEEN}"
    )
    states = (
        "SELECT id, happened_at, max(begins) OVER (PARTITION BY id ORDER BY happened_at "
        f"RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS begun FROM ({pauses})"
    )
    alive = (
        "SELECT p.*, s.begun FROM placed p ASOF JOIN states s ON s.id = p.id AND p.until >= s.happened_at "
        f"WHERE p.asked_at <= s.happened_at + {entity.ttl_ms}"
    )
    return (
        f"WITH placed AS ({placed_sql(entity, session_idle_ms)}), states AS ({states}), alive AS ({alive}) "
        f"SELECT n, id, asked_at, until, {begins} FROM alive"
    )


def begin_column(window: Window) -> str:
    return column(f"from {window.name}")


def _begin(window: Window) -> str:
    if window.name == LIFETIME:
        return "begun"
    if window.name == SESSION:
        return "CASE WHEN session_start IS NOT NULL THEN greatest(begun, session_start) END"
    return f"greatest(begun, (asked_at - {window.length_ms}) - (asked_at - {window.length_ms}) % {window.hop_ms})"
