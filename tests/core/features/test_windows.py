"""Every kind in every window has the value that its definition gives, whatever the order in which events came."""

from hypothesis import given, settings
from hypothesis import strategies as st

from core.features.model import DAY_MS, HOUR_MS, MINUTE_MS
from core.features.state import SESSION_REACH_MS, EntityState, add, drop_old, pack, unpack
from core.features.tiles import all_tiles
from core.features.values import values_at
from tests.core.features.reference import Seen, Session, expected
from tests.core.features.samples import contributions, feature_set, one_of_each

FEATURES = one_of_each()
SET = feature_set(*FEATURES)
WANTED = list(SET.by_value_name.values())
# Distances of every window's size, so that the edges of its tiles are met.
DISTANCES = st.one_of(*(st.integers(0, most) for most in (3, 2 * MINUTE_MS, 2 * HOUR_MS, 2 * DAY_MS, 9 * DAY_MS)))
BASES = st.sampled_from([1_700_000_000_000, 1_699_920_000_000, 40 * DAY_MS, 0])
"""With 0 the events are before 1970."""
APART = st.tuples(DISTANCES, DISTANCES, DISTANCES)
TELLING = st.tuples(DISTANCES, st.integers(-3, 3).map(lambda price: price * 500), st.sampled_from("abcdé"))


def _events(base: int, told: list[tuple[int, int, str]]) -> list[Seen]:
    return [Seen(base - before, price, text) for before, price, text in told]


def _state(events: list[Seen], pack_after: int = -1) -> EntityState:
    state = EntityState()
    for number, event in enumerate(events):
        add(state, event.at, contributions(FEATURES, event.price, event.text))
        if number == pack_after:
            state = unpack(pack(state))
    return state


@settings(max_examples=300, deadline=None)
@given(
    BASES, st.lists(TELLING, min_size=1, max_size=25), st.tuples(DISTANCES, DISTANCES, DISTANCES), st.integers(0, 25)
)
def test_as_by_definition(
    base: int, told: list[tuple[int, int, str]], apart: tuple[int, int, int], pack_after: int
) -> None:
    later, ago, long = apart
    events = _events(base, told)
    newest = max(0, *(each.at for each in events))
    state = _state(events, pack_after)
    assert state.newest == newest
    start = max(newest - ago, newest - SESSION_REACH_MS, 1)
    state.session_start, state.session_end = start, min(start + long, newest)
    session = Session(start, state.session_end + SET.session_idle_ms)
    t = newest + later
    wanted = {each.value_name(window): expected(events, each, window, t, session) for each, window in WANTED}
    assert values_at(state, WANTED, t, SET) == wanted
    assert pack(unpack(pack(state))) == pack(state)
    drop_old(state, FEATURES, 365 * DAY_MS, t)
    assert values_at(state, WANTED, t, SET) == wanted


@settings(max_examples=100, deadline=None)
@given(BASES, st.lists(TELLING, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_same_state_in_any_order(base: int, told: list[tuple[int, int, str]], random: object) -> None:
    """After old tiles were dropped. A sketch's bytes have few values in the order they came; its estimate does not."""
    features = tuple(each for each in FEATURES if each.kind != "approx_distinct")
    states = []
    events = _events(base, told)
    for _ in range(2):
        state = _state(events)
        drop_old(state, features, DAY_MS, state.newest)
        # Packed tiles may have equal maps in another order.
        tiles = {hop: all_tiles(level) for hop, level in state.tiles.items()}
        states.append((state.newest, state.lifetime, tiles))
        random.shuffle(events)  # type: ignore[attr-defined]
    assert states[0] == states[1]


def test_a_late_event_behind_the_reach_makes_no_tile() -> None:
    state = _state([Seen(1_700_000_000_000, 1, "a")])
    before = pack(state)
    add(state, 1_700_000_000_000 - 40 * DAY_MS, contributions(FEATURES, 1, "b"))
    assert unpack(pack(state)).tiles == unpack(before).tiles
    assert values_at(state, WANTED, 0, SET)["browser__count__lifetime"] == 2


def test_tiles_do_not_pile_up() -> None:
    state = EntityState()
    at = 1_700_000_000_000
    for number in range(3_000):
        at += 977 * (1 + number % 61)
        add(state, at, contributions(FEATURES, 1, "a"))
    longest = {1_000: MINUTE_MS, MINUTE_MS: SESSION_REACH_MS, 15 * MINUTE_MS: DAY_MS, 2 * HOUR_MS: 7 * DAY_MS}
    for hop, reach in (longest | {DAY_MS: 30 * DAY_MS}).items():
        tiles = all_tiles(state.tiles[hop])
        assert len([number for number, _ in tiles if number < (at - reach) // hop]) < 8  # which are dropped together
        assert [number for number, _ in tiles] == sorted({number for number, _ in tiles})


def test_one_event_far_ahead_is_the_newest_until_then() -> None:
    ahead = 1_700_000_000_000 + 300 * DAY_MS
    state = _state([Seen(ahead, 5_000, "future"), Seen(1_700_000_000_000, 1_000, "now")])
    values = values_at(state, WANTED, 1_700_000_000_500, SET)
    assert (values["browser__count__7d"], values["browser__count__lifetime"]) == (1, 2)
    assert values["browser__last_text__lifetime"] == "future"
