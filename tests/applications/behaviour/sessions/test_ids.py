"""The ids of sessions."""

from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from applications.behaviour.events.visitor_key import VisitorKey
from applications.behaviour.sessions.ids import session_id, time_of
from applications.behaviour.sessions.rules import SessionRules
from tests.applications.behaviour.reference import IDLE
from tests.applications.behaviour.visitors_of import KEY, SECOND, OneVisitor, T, event

_STARTS = st.integers(0, 2**47)
_IDS = st.integers(0, 2**64 - 1)


@given(_STARTS, _IDS, st.booleans())
def test_the_shape_is_that_of_a_uuid_7_with_a_time_at_or_before_the_first_event(
    start: int, start_id: int, after_gap: bool
) -> None:
    name = session_id(KEY, start, start_id, IDLE, after_gap=after_gap)
    parsed = UUID(name)
    assert (parsed.version, parsed.variant, str(parsed)) == (7, RFC_4122, name)
    assert start - IDLE < time_of(name) <= start
    assert name == session_id(KEY, start, start_id, IDLE, after_gap=after_gap)


def test_an_id_is_the_same_for_ever() -> None:
    """A change of how ids are made would give every open session a second id."""
    assert session_id(KEY, T + 5, 7, IDLE, after_gap=True) == "018bcfd9-3300-7e49-a345-29b542aeb606"
    assert session_id(KEY, T + 5, 7, IDLE, after_gap=False) == "018bcfd9-3300-793f-acfa-990f9fac355a"


def test_a_browser_and_an_account_with_the_same_text_have_different_sessions() -> None:
    browser, account = VisitorKey("browser", "same"), VisitorKey("account", "same")
    assert session_id(browser, T, 1, IDLE, after_gap=True) != session_id(account, T, 1, IDLE, after_gap=True)


def test_a_visitor_whose_id_has_no_utf_8_has_sessions() -> None:
    assert session_id(VisitorKey("browser", "\ud800"), T, 1, IDLE, after_gap=True)


def test_an_event_that_is_late_by_a_second_and_the_first_changes_no_id() -> None:
    one = OneVisitor()
    one.see(event(10 * SECOND), event(9 * SECOND))
    assert len({record.session_id for record in one.records}) == 1
    assert {record.kind for record in one.records} == {"start"}


def test_over_the_edge_of_a_window_the_new_id_supersedes_the_old_one() -> None:
    one = OneVisitor()
    first, second = (each.session_id for each in one.see(event(IDLE), event(IDLE - SECOND)))
    assert first != second
    gone = one.records[-1]
    assert (gone.session_id, gone.kind, gone.superseded_by) == (first, "superseded", second)


def test_sessions_that_begin_at_a_limit_in_one_window_have_different_ids() -> None:
    one = OneVisitor(SessionRules(most_events=1))
    places = one.see(*(event(number) for number in range(20)))
    assert len({place.session_id for place in places}) == 20
    assert {time_of(place.session_id) for place in places} == {T}
