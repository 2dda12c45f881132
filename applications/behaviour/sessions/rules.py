"""The rules of a session, as the field has them: 30 minutes idle (GA4, Matomo, PostHog), 24 hours at most (PostHog),
10,000 events at most (Matomo); splits at midnight and at a change of campaign (Matomo), off by default.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from applications.behaviour.events.logged_event import LoggedEvent
from applications.behaviour.sessions.facts import Facts
from contracts.sessions.records import EndReason


@dataclass(frozen=True, kw_only=True)
class SessionRules:
    """Times in ms."""

    idle_ms: int = 30 * 60_000
    cap_ms: int = 24 * 3_600_000
    most_events: int = 10_000
    midnight: tzinfo | None = None
    """The zone in which a new day begins a new session; None: it does not."""
    by_campaign: bool = False


def boundary(session: Facts, event: LoggedEvent, rules: SessionRules) -> EndReason | None:
    """Why ``event`` begins a new session, None where it belongs to ``session``.

    :param event: behind the session's last event in the order of (time, id). The limits themselves still belong to it:
        an event 30 minutes after the last one, to the millisecond, and one 24 hours after the first.
    """
    if event.tstamp - session.end > rules.idle_ms:
        return "idle"
    if event.tstamp - session.start > rules.cap_ms or session.events >= rules.most_events:
        return "cap"
    if rules.midnight is not None and _day(event.tstamp, rules.midnight) != _day(session.end, rules.midnight):
        return "midnight"
    if rules.by_campaign and event.campaign is not None and event.campaign != session.campaign:
        return "campaign"
    return None


def _day(tstamp: int, zone: tzinfo) -> int:
    return datetime.fromtimestamp(tstamp / 1000, zone).toordinal()
