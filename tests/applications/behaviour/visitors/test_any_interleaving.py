"""A browser and its account, in any order of arrival and with any delay of the messages between them.

The rule: an account's event within the idle time of a browser's event with that account is the browser's. What the job
does differently is in the last tests here, each with the smallest case.
"""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from applications.behaviour.events.behaviour_event import logged, read_event
from applications.behaviour.events.logged_event import LoggedEvent
from tests.applications.behaviour.keys_in_memory import Event, Keys, account_event, browser_event
from tests.applications.behaviour.reference import DAY, IDLE, Session, reference
from tests.applications.behaviour.visitors_of import MINUTE, T, assert_deltas_sum_up, final, in_order

REACH = IDLE + IDLE // 2
_TIMES = st.one_of(
    st.integers(0, 3 * 60).map(lambda minute: minute * MINUTE),
    st.integers(0, 3 * 60 * MINUTE),
    st.builds(lambda number, edge: number * IDLE + edge, st.integers(0, 6), st.integers(-1, 1)),
)


def _logged(event: Event) -> LoggedEvent:
    return logged(read_event(msgspec.json.encode(event)))


def expected(events: Sequence[Event]) -> list[Session]:
    """By the rule, for one browser ``b`` and any accounts."""
    links = [event for event in events if event.get("domain_userid") and event.get("user_id")]
    visitors: dict[tuple[str, str], list[LoggedEvent]] = {}
    for event in events:
        is_browsers = "domain_userid" in event or any(
            each["user_id"] == event["user_id"] and abs(each["derived_tstamp"] - event["derived_tstamp"]) <= IDLE
            for each in links
        )
        visitor = ("browser", "b") if is_browsers else ("account", event["user_id"])
        visitors.setdefault(visitor, []).append(_logged(event))
    return in_order(each for visitor, found in visitors.items() for each in reference(*visitor, found))


def in_doubt(events: Sequence[Event]) -> bool:
    """Whether an account's event is behind a browser's event by more than the idle time, but by no more than half as
    much again, and no other one is nearer. See the tests below.
    """
    links = [event for event in events if event.get("domain_userid") and event.get("user_id")]
    for event in events:
        if "domain_userid" in event:
            continue
        of_account = [each for each in links if each["user_id"] == event["user_id"]]
        behind = [event["derived_tstamp"] - each["derived_tstamp"] for each in of_account]
        if any(IDLE < each <= REACH for each in behind) and not any(abs(each) <= IDLE for each in behind):
            return True
    return False


@st.composite
def _events(draw: st.DrawFn) -> list[Event]:
    made: list[Event] = []
    for number, at in enumerate(draw(st.lists(_TIMES, min_size=1, max_size=16))):
        kind = draw(st.sampled_from(["browser", "signed in", "signed in", "account", "account"]))
        account = draw(st.sampled_from(["u-1", "u-1", "u-2"]))
        name = f"event-{number:03}"
        if kind == "account":
            made.append(account_event(account, at, event_id=name))
        else:
            made.append(browser_event("b", at, account if kind == "signed in" else None, event_id=name))
    repeated = draw(st.lists(st.sampled_from(made), max_size=3))
    return draw(st.permutations(made + repeated))


def run(events: Sequence[Event], deliveries: Sequence[int]) -> Keys:
    """After each event as many messages arrive as ``deliveries`` says, the rest in the end."""
    keys = Keys()
    for number, event in enumerate(events):
        keys.see(event)
        for step in range(deliveries[number % len(deliveries)]):
            if keys.waiting:
                keys.deliver_one(step * 7 + number)
    keys.deliver()
    keys.move(DAY)
    return keys


@pytest.mark.slow
@given(_events(), st.lists(st.integers(0, 4), min_size=1, max_size=16))
@settings(max_examples=500, deadline=None)
def test_the_final_sessions_are_those_of_the_rule(events: list[Event], deliveries: list[int]) -> None:
    assume(not in_doubt(events))
    keys = run(events, deliveries)
    assert final(keys.sessions()) == expected(events)


@pytest.mark.slow
@given(_events(), st.lists(st.integers(0, 4), min_size=1, max_size=16))
@settings(max_examples=300, deadline=None)
def test_every_event_is_in_exactly_one_session_in_doubt_too(events: list[Event], deliveries: list[int]) -> None:
    keys = run(events, deliveries)
    records = keys.sessions()
    distinct = len({event["event_id"] for event in events})
    assert sum(each.events for each in final(records)) == distinct
    assert_deltas_sum_up(records)
    assert keys.counts["events_sessionized"] == distinct
    assert keys.counts["events_repeated"] == len(events) - distinct
    assert len(keys.stamped()) == len(events)
    ids = {each.session_id for each in records}
    assert {each.superseded_by for each in records if each.kind == "superseded"} <= ids


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1), (2, 0, 1)])
def test_the_first_of_the_browsers_events_counts_though_it_comes_late(order: tuple[int, ...]) -> None:
    """The account's event is within the idle time of that one alone."""
    events = [browser_event("b", 0, "u"), browser_event("b", MINUTE, "u"), account_event("u", -IDLE)]
    assert visitors(run([events[number] for number in order], [9])) == {"b": 3}


def visitors(keys: Keys) -> dict[str, int]:
    """Visitor → events in its final sessions."""
    found: dict[str, int] = {}
    for record in {each.session_id: each for each in keys.sessions()}.values():
        found[record.visitor_id] = found.get(record.visitor_id, 0) + record.events
    return {visitor: events for visitor, events in found.items() if events}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_beyond_the_idle_time_and_up_to_half_of_it_more_the_browser_gets_the_event(order: tuple[int, int]) -> None:
    """By the rule it is the account's. It does not join the browser's session, for that is over by then."""
    events = [browser_event("b", 0, "u"), account_event("u", REACH)]
    keys = run([events[number] for number in order], [0])
    assert visitors(keys) == {"b": 2}
    assert [each.events for each in final(keys.sessions())] == [1, 1]


def test_beyond_the_idle_time_of_an_event_that_told_nobody_the_account_keeps_the_event() -> None:
    """The same distance from the browser's last event, but the account was told of the one before."""
    keys = run([browser_event("b", 0, "u"), browser_event("b", MINUTE, "u"), account_event("u", MINUTE + REACH)], [9])
    assert visitors(keys) == {"b": 2, "u": 1}


def test_beyond_the_idle_time_it_depends_on_the_order_of_the_browsers_events_who_has_the_event() -> None:
    """In order, the account is told at 0; out of order, at 1 minute as well."""
    first, second = browser_event("b", 0, "u"), browser_event("b", MINUTE, "u")
    event = account_event("u", MINUTE + REACH)
    assert visitors(run([first, second, event], [9])) == {"b": 2, "u": 1}
    assert visitors(run([second, first, event], [9])) == {"b": 3}


def test_with_two_browsers_it_depends_on_the_order_which_one_has_the_event() -> None:
    """The first one that is linked gets what is there; of what comes then, the one that was seen last."""
    one, two, event = browser_event("b-1", 0, "u"), browser_event("b-2", 2 * MINUTE, "u"), account_event("u", MINUTE)
    assert visitors(run([one, two, event], [9])) == {"b-1": 1, "b-2": 2}
    assert visitors(run([one, event, two], [9])) == {"b-1": 2, "b-2": 1}
    assert visitors(run([event, one, two], [9])) == {"b-1": 2, "b-2": 1}
    assert visitors(run([event, two, one], [9])) == {"b-1": 1, "b-2": 2}


def test_with_two_browsers_the_sessions_still_count_every_event() -> None:
    events = [account_event("u", MINUTE), browser_event("b-1", 0, "u"), browser_event("b-2", 2 * MINUTE, "u")]
    for deliveries in ([0], [1], [9]):
        keys = run(events, deliveries)
        assert sum(visitors(keys).values()) == 3
        assert_deltas_sum_up(keys.sessions())
        assert {each.start for each in final(keys.sessions())} <= {T + at * MINUTE for at in range(3)}


def test_with_two_browsers_a_repeated_event_of_the_account_goes_where_the_first_one_went() -> None:
    event = account_event("u", MINUTE)
    one, two = browser_event("b-1", 0, "u"), browser_event("b-2", 2 * MINUTE, "u")
    assert visitors(run([one, event, two, event], [9])) == {"b-1": 2, "b-2": 1}
    assert visitors(run([event, one, two, event], [9])) == {"b-1": 2, "b-2": 1}
