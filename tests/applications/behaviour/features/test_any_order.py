"""In any order of arrival, with repetitions, late events and limits: the values are those of a plain computation."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from applications.behaviour.events.behaviour_event import logged, read_event
from applications.behaviour.sessions.rules import SessionRules
from applications.behaviour.sessions.sessions import Limits
from applications.behaviour.sessions.state import closed_sessions
from tests.applications.behaviour.features import naive
from tests.applications.behaviour.features.in_memory import KeysWithFeatures
from tests.applications.behaviour.keys_in_memory import Event, account_event, browser_event
from tests.applications.behaviour.reference import reference
from tests.applications.behaviour.visitors_of import MINUTE, SECOND, T

IDLE = 5 * MINUTE
_STEPS = st.one_of(st.integers(0, 40 * SECOND), st.integers(0, 12 * MINUTE), st.just(IDLE), st.just(IDLE + 1))


@st.composite
def _fields(draw: st.DrawFn) -> Event:
    name = draw(st.sampled_from(["page_view", "listing_view", "order"]))
    if name == "page_view":
        return {"event_name": name}
    price = draw(st.integers(1, 99_999)) / 1000
    return {"event_name": name, "listing_id": draw(st.sampled_from("abcde")), "price": price}


@st.composite
def _of_one_browser(draw: st.DrawFn) -> list[Event]:
    at, made = 0, []
    for number, step in enumerate(draw(st.lists(_STEPS, min_size=1, max_size=25))):
        at += step
        fields = draw(_fields())
        if draw(st.integers(0, 9)) == 0:
            fields["user_agent_is_crawler"] = True
        made.append(browser_event("b", at, event_id=f"event-{number}", **fields))
    repeated = draw(st.lists(st.sampled_from(made), max_size=3))
    return made + repeated if draw(st.booleans()) else draw(st.permutations(made + repeated))


def _distinct(events: Sequence[Event]) -> list[Event]:
    return list({event["event_id"]: event for event in events}.values())


# Sessions of two events that share minutes, and a late event that counts for one which does not differ afterwards.
_SHARED_MINUTES = [
    browser_event("b", at, event_id=f"event-{number}", user_agent_is_crawler=number not in {1, 2, 9})
    for number, at in [
        *((0, 0), (1, 0), (2, 0), (3, 0), (4, 300_000), (5, 600_000), (6, 600_001), (10, 901_668), (8, 601_668)),
        *((9, 601_668), (7, 600_001), (11, 1_201_668), (12, 1_201_668), (13, 1_201_668)),
    ]
]


@pytest.mark.slow
@example(_SHARED_MINUTES, 2, 2, 1, False)
@given(_of_one_browser(), st.integers(2, 12), st.sampled_from([2, 500]), st.integers(0, 20), st.booleans())
@settings(max_examples=400, deadline=None)
def test_of_a_browser(
    events: list[Event], most_events: int, most_at_once: int, later_minutes: int, in_memory: bool
) -> None:
    rules = SessionRules(idle_ms=IDLE, cap_ms=20 * MINUTE, most_events=most_events)
    keys = KeysWithFeatures(rules, Limits(most_at_once=most_at_once), in_memory=in_memory)
    for event in events:
        keys.see(event)
    keys.renew()
    distinct = _distinct(events)
    log = [logged(read_event(msgspec.json.encode(event))) for event in distinct]
    sessions = reference("browser", "b", log, idle=IDLE, cap=20 * MINUTE, most=most_events)
    counted = [event for event in distinct if not event.get("user_agent_is_crawler")]
    expected = {f"session:{each.id}": naive.of_session(counted, each.start, each.end) for each in sessions}
    expected = {name: values for name, values in expected.items() if values["session__depth__session"]}
    assert {name: keys.served(name) for name in keys.store if name.startswith("session:")} == expected
    if counted:
        newest = max(event["derived_tstamp"] for event in counted)
        last = sessions[-1]
        for at in (newest, newest + later_minutes * MINUTE):
            wanted = naive.of_browser(counted, at, (last.start, last.end), IDLE)
            assert keys.served("browser:b", at - T) == wanted
    keys.assert_topic_equals_store()
    assert not keys.features_counts


@st.composite
def _of_a_browser_and_accounts(draw: st.DrawFn) -> list[Event]:
    made: list[Event] = []
    for number, minute in enumerate(draw(st.lists(st.integers(0, 180), min_size=1, max_size=16))):
        kind = draw(st.sampled_from(["browser", "signed in", "signed in", "account", "account"]))
        account = draw(st.sampled_from(["u-1", "u-1", "u-2"]))
        fields = {"event_id": f"event-{number:03}", **draw(_fields())}
        if kind == "account":
            made.append(account_event(account, minute * MINUTE, **fields))
        else:
            made.append(browser_event("b", minute * MINUTE, account if kind == "signed in" else None, **fields))
    return draw(st.permutations(made))


@pytest.mark.slow
@given(_of_a_browser_and_accounts(), st.lists(st.integers(0, 4), min_size=1, max_size=16))
@settings(max_examples=300, deadline=None)
def test_of_a_browser_and_its_accounts(events: list[Event], deliveries: list[int]) -> None:
    keys = KeysWithFeatures()
    for number, event in enumerate(events):
        keys.see(event)
        for step in range(deliveries[number % len(deliveries)]):
            if keys.waiting:
                keys.deliver_one(step * 7 + number)
    keys.deliver()
    counted: dict[tuple[str, str], list[Event]] = {}
    for event in keys.stamped():
        if "domain_userid" in event or event["visitor_kind"] == "account":
            counted.setdefault((event["visitor_kind"], event["visitor_id"]), []).append(event)
    kinds = {each.session_id: (each.visitor_kind, each.visitor_id) for each in keys.sessions()}
    expected = {}
    for session in final_sessions(keys):
        own = naive.of_session(counted.get(kinds[session[0]], []), *session[1:])
        if own["session__depth__session"]:
            expected[f"session:{session[0]}"] = own
    assert {name: keys.served(name) for name in keys.store if name.startswith("session:")} == expected
    keys.assert_topic_equals_store()


def final_sessions(keys: KeysWithFeatures) -> list[tuple[str, int, int]]:
    """(id, start, end), as the states have them: a session that goes on has a record once a minute only."""
    found = []
    for key in keys.packed:
        for visitor in keys.kept(key).visitors():
            sessions = visitor.sessions.state
            found += [(each.session_id, each.start, each.end) for each in closed_sessions(sessions)]
            if sessions.current is not None:
                found.append((sessions.current.session_id, sessions.current.start, sessions.current.end))
    return found
