"""Where a session ends, to the millisecond."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from applications.behaviour.events.logged_event import LoggedEvent
from applications.behaviour.sessions.fold import sessions
from applications.behaviour.sessions.rules import SessionRules
from contracts.sessions.records import EndReason
from tests.applications.behaviour.visitors_of import KEY, MINUTE, event

VIENNA = ZoneInfo("Europe/Vienna")


def split(rules: SessionRules, *events: LoggedEvent) -> list[tuple[int, EndReason]]:
    """(events of the session, why it ended)."""
    return [(facts.events, reason) for facts, reason in sessions(KEY, events, rules)]


def local(text: str, number: int) -> LoggedEvent:
    moment = datetime.fromisoformat(text)
    return LoggedEvent(round(moment.timestamp() * 1000), number, "page_view")


def test_idle_begins_a_millisecond_behind_the_limit() -> None:
    rules = SessionRules(idle_ms=1_000)
    assert split(rules, event(0), event(1_000)) == [(2, "idle")]
    assert split(rules, event(0), event(1_001)) == [(1, "idle"), (1, "idle")]


def test_the_cap_is_from_the_first_event_and_belongs_to_the_session() -> None:
    rules = SessionRules(idle_ms=1_000, cap_ms=1_500)
    assert split(rules, event(0), event(1_000), event(1_500)) == [(3, "idle")]
    assert split(rules, event(0), event(1_000), event(1_501)) == [(2, "cap"), (1, "idle")]


def test_idle_goes_before_the_cap() -> None:
    rules = SessionRules(idle_ms=1_000, cap_ms=500)
    assert split(rules, event(0), event(1_001)) == [(1, "idle"), (1, "idle")]


def test_the_limit_of_events() -> None:
    rules = SessionRules(most_events=3)
    assert split(rules, *(event(number) for number in range(3))) == [(3, "idle")]
    assert split(rules, *(event(number) for number in range(7))) == [(3, "cap"), (3, "cap"), (1, "idle")]


def test_the_limit_of_events_within_one_millisecond_goes_by_the_id() -> None:
    rules = SessionRules(most_events=2)
    found = list(sessions(KEY, [event(0, 1), event(0, 2), event(0, 3)], rules))
    assert [(facts.start_id, facts.end_id) for facts, _ in found] == [(1, 2), (3, 3)]
    assert found[0][0].session_id != found[1][0].session_id


def test_midnight_of_the_zone_and_not_of_utc() -> None:
    rules = SessionRules(midnight=VIENNA)
    before, after = local("2026-01-15T23:59:59.999+01:00", 1), local("2026-01-16T00:00:00.000+01:00", 2)
    assert split(rules, before, after) == [(1, "midnight"), (1, "idle")]
    around_utc = local("2026-01-15T23:59:59.999+00:00", 1), local("2026-01-16T00:00:00.000+00:00", 2)
    assert split(rules, *around_utc) == [(2, "idle")]


def test_midnight_is_off_by_default() -> None:
    around = local("2026-01-15T23:59:59.999+01:00", 1), local("2026-01-16T00:00:00.000+01:00", 2)
    assert split(SessionRules(), *around) == [(2, "idle")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # The night in which 2:00 is followed by 3:00: midnight is at +01:00, the next one at +02:00.
        ("2026-03-28T23:59:59.999+01:00", "2026-03-29T00:00:00+01:00"),
        ("2026-03-29T23:59:59.999+02:00", "2026-03-30T00:00:00+02:00"),
        # The night with 2:00 twice.
        ("2026-10-24T23:59:59.999+02:00", "2026-10-25T00:00:00+02:00"),
        ("2026-10-25T23:59:59.999+01:00", "2026-10-26T00:00:00+01:00"),
    ],
)
def test_midnight_around_a_change_of_the_clock(before: str, after: str) -> None:
    assert split(SessionRules(midnight=VIENNA), local(before, 1), local(after, 2)) == [(1, "midnight"), (1, "idle")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-03-29T01:59:59.999+01:00", "2026-03-29T03:00:00+02:00"),
        ("2026-10-25T02:59:59.999+02:00", "2026-10-25T02:00:00+01:00"),
    ],
)
def test_a_change_of_the_clock_is_no_midnight(before: str, after: str) -> None:
    assert split(SessionRules(midnight=VIENNA), local(before, 1), local(after, 2)) == [(2, "idle")]


CAMPAIGNS = SessionRules(by_campaign=True)


def test_another_campaign_begins_a_session() -> None:
    events = event(0, campaign="spring"), event(MINUTE, campaign="spring"), event(2 * MINUTE, campaign="summer")
    assert split(CAMPAIGNS, *events) == [(2, "campaign"), (1, "idle")]
    assert split(SessionRules(), *events) == [(3, "idle")]


def test_a_campaign_after_none_begins_a_session() -> None:
    assert split(CAMPAIGNS, event(0), event(1, campaign="spring")) == [(1, "campaign"), (1, "idle")]


def test_a_campaign_after_a_source_without_one_begins_a_session() -> None:
    events = event(0, source="news"), event(1, campaign="spring"), event(2, campaign="spring")
    assert split(CAMPAIGNS, *events) == [(1, "campaign"), (2, "idle")]


def test_no_campaign_after_one_goes_on() -> None:
    assert split(CAMPAIGNS, event(0, campaign="spring"), event(1), event(2, campaign="spring")) == [(3, "idle")]
