"""Events that come a moment too late for their place in the newest session, taken without making it anew.

Partitions are read side by side, so this is common. It gives what :func:`applications.behaviour.sessions.fold.sessions`
would, or nothing is changed and the caller makes the sessions anew.
"""

from applications.behaviour.events.logged_event import LoggedEvent
from applications.behaviour.events.visitor_key import VisitorKey
from applications.behaviour.sessions.facts import MOST_NAMES, Facts
from applications.behaviour.sessions.ids import session_id
from applications.behaviour.sessions.rules import SessionRules


def with_event(  # noqa: PLR0911  # each way in which the event cannot be taken has its reason
    visitor: VisitorKey, facts: Facts, before: int, event: LoggedEvent, rules: SessionRules
) -> Facts | None:
    """The session with the event, None where it must be made anew.

    :param before: time of the last event of the sessions before, -1: there are none.
    :param event: before the session's last one in the order of (time, id).
    """
    if rules.midnight is not None or rules.by_campaign:
        return None  # it could split the session
    if facts.events >= rules.most_events or len(facts.counts) >= MOST_NAMES:
        return None  # what comes behind it would change
    tstamp = event.tstamp
    if tstamp > facts.start:
        if tstamp <= facts.settled or tstamp == facts.exit_at:
            return None  # it may know something earlier than the event that told it
        facts.count(event)
        facts.learn(event)
        return facts
    if tstamp == facts.start or facts.start - tstamp > rules.idle_ms or facts.end - tstamp > rules.cap_ms:
        return None
    if before >= 0 and tstamp - before <= rules.idle_ms:
        return None  # it joins two sessions
    if session_id(visitor, tstamp, event.id, rules.idle_ms, after_gap=True) != facts.session_id:
        return None  # the session gets another name
    first = Facts(facts.session_id, tstamp, event.id, tstamp, event.id)
    first.add(event)
    first.go_on(facts)
    return first
