"""Which events an entity knows again, and for how long."""

from hypothesis import given
from hypothesis import strategies as st

from applications.features.seen_ids import ID_BYTES, REACH_DAYS, note, short_id
from core.features.model import DAY_MS

DAY = 20_000


def _seen(*events: tuple[str, int], most: int = 100) -> tuple[list[bool], dict[int, bytearray]]:
    """:param events: (id, day)."""
    seen: dict[int, bytearray] = {}
    return [note(seen, short_id(name), day * DAY_MS, most) for name, day in events], seen


def test_an_event_is_new_once_whatever_day_its_repetition_has() -> None:
    assert _seen(("a", DAY), ("b", DAY), ("a", DAY), ("a", DAY + 1), ("a", DAY - 1))[0] == [True, True, *[False] * 3]


def test_ids_are_kept_for_days_and_what_is_older_is_never_new() -> None:
    new, seen = _seen(("a", DAY), ("b", DAY + REACH_DAYS), ("a", DAY), ("c", DAY + REACH_DAYS + 1), ("d", DAY))
    assert new == [True, True, False, True, False]
    assert set(seen) == {DAY + REACH_DAYS, DAY + REACH_DAYS + 1}


def test_the_oldest_ids_leave_where_there_are_too_many() -> None:
    new, seen = _seen(("a", DAY), ("b", DAY + 1), ("c", DAY), ("d", DAY + 1), ("a", DAY + 1), most=3)
    assert new == [True] * 5, "a has left"
    assert sum(map(len, seen.values())) == 3 * ID_BYTES
    assert seen[DAY + 1].endswith(short_id("a"))


def test_an_id_across_two_others_is_another_one() -> None:
    seen = {DAY: bytearray(b"12345678abcdefgh")}
    assert note(seen, b"5678abcd", DAY * DAY_MS, 100)
    assert not note(seen, b"5678abcd", DAY * DAY_MS, 100)
    assert not note(seen, b"abcdefgh", DAY * DAY_MS, 100)


@given(st.lists(st.tuples(st.sampled_from("abcdefghij"), st.integers(DAY, DAY + REACH_DAYS))))
def test_within_the_reach_each_id_is_new_once(events: list[tuple[str, int]]) -> None:
    new, _ = _seen(*events)
    known: set[str] = set()
    for (name, _), is_new in zip(events, new, strict=True):
        assert is_new == (name not in known)
        known.add(name)
