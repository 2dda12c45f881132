"""A session made anew of its visitor's tiles is the one that was added to."""

from hypothesis import given, settings
from hypothesis import strategies as st

from core.features.model import MINUTE_MS
from core.features.sessions import add_to_session, session_state
from core.features.state import EntityState, add, pack, unpack
from core.features.values import values_at
from tests.core.features.samples import contributions, feature_set, one_of_each, window

WINDOWS = (window("session"), window("lifetime"))
FEATURES = one_of_each("session", WINDOWS)
SET = feature_set(*FEATURES)
WANTED = list(SET.by_value_name.values())
IDLE = SET.session_idle_ms
T0 = 1_700_000_000_000
TELLING = st.tuples(st.integers(0, IDLE), st.integers(-3, 3).map(lambda price: price * 500), st.sampled_from("abcd"))


def _values(state: EntityState, t: int) -> dict[str, object]:
    return {**values_at(state, WANTED, t, SET)}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(TELLING, min_size=1, max_size=8), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_made_anew_as_added_in_order(told: list[list[tuple[int, int, str]]], random: object) -> None:
    """Sessions apart by more than the idle time, the visitor's events in any order."""
    at = T0
    sessions, events = [], []
    for each in told:
        at += IDLE + MINUTE_MS
        session: EntityState | None = None
        start = at
        for gap, price, text in each:
            at += gap if session is not None else 0
            given_one = contributions(FEATURES, price, text)
            session = session or EntityState(session_start=start)
            add_to_session(session, at, given_one)
            events.append((at, given_one))
        assert session is not None
        sessions.append(session)
    random.shuffle(events)  # type: ignore[attr-defined]
    visitor = EntityState()
    for time, told_then in events:
        add(visitor, time, told_then)
    visitor = unpack(pack(visitor))
    for session in sessions:
        anew = session_state(visitor, FEATURES, session.session_start, session.session_end)
        assert (anew.newest, anew.session_end) == (session.newest, session.session_end)
        for t in (session.newest, session.newest + IDLE, session.newest + IDLE + 1):
            assert _values(anew, t) == _values(session, t)
        assert values_at(anew, WANTED, session.newest + IDLE + 1, SET)["session__count__session"] == 0


def test_adding_to_a_session_leaves_the_visitor_as_it_is() -> None:
    visitor = EntityState()
    add(visitor, T0, contributions(FEATURES, 1_000, "a"))
    before = unpack(pack(visitor))
    session = session_state(visitor, FEATURES, T0, T0)
    add_to_session(session, T0 + 5, contributions(FEATURES, 2_000, "b"))
    assert visitor == before
    values = values_at(session, WANTED, T0 + 5, SET)
    assert (values["session__count__session"], values["session__mean_price__lifetime"]) == (2, 1.5)


def test_an_event_that_tells_nothing_lengthens_the_session() -> None:
    session = session_state(EntityState(), FEATURES, T0, T0)
    add_to_session(session, T0 + 70, [])
    assert (session.newest, session.session_end) == (T0 + 70, T0 + 70)


def test_a_sessions_features_are_in_the_visitors_minutes_only() -> None:
    visitor = EntityState()
    add(visitor, T0, contributions(FEATURES, 1_000, "a"))
    assert ([*visitor.tiles], visitor.lifetime) == ([MINUTE_MS], {})
