"""The functions of conditions, against the plain ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.risk.observation import VALUE_FIELDS, Hit, Observation
from core.risk.windows.window import LogWindow, matches
from tests.core.risk.windows.rules_of import Entry, PlainWindow, observation

_EVENTS = st.lists(
    st.tuples(
        st.integers(0, 50),
        st.lists(st.sampled_from(["failed", "succeeded"]), unique=True),
        st.sampled_from([None, 1, 2, 3, 2**64 - 1]),
    ),
    min_size=1,
    max_size=12,
)


def observations(drawn: list[tuple[int, list[str], int | None]]) -> list[Observation]:
    ordered = sorted(drawn, key=lambda each: each[0])
    return [
        observation(f"e{place:02}", at, matched, values={"user_id": user, "listing_text_hash": user})
        for place, (at, matched, user) in enumerate(ordered)
    ]


@given(
    _EVENTS,
    st.sampled_from(VALUE_FIELDS),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from(["", "failed", "none"]),
)
def test_functions_of_conditions(
    drawn: list[tuple[int, list[str], int | None]], field: str, low: int, high: int, rule: str
) -> None:
    events = observations(drawn)
    window = LogWindow([Entry(each) for each in events])
    plain = PlainWindow(events, lambda event, rule: rule in event.matched)
    assert (window.count(), window.count("failed"), window.count("none")) == (
        plain.count(),
        plain.count("failed"),
        0,
    )
    assert (window.distinct(field, rule), window.most(field, rule)) == (
        plain.distinct(field, rule),
        plain.most(field, rule),
    )
    assert window.share(field, low, high, rule) == plain.share(field, low, high, rule)
    assert (window.present(field, rule), window.lasting()) == (plain.present(field, rule), plain.lasting())


def test_share_and_present_in_numbers() -> None:
    """Users 1, 1, 1, 2, 3, 3 and one event without: two of three users have one or two events."""
    users = [1, 1, 1, 2, 3, 3, None]
    window = LogWindow([Entry(observation(f"e{at}", at, values={"user_id": user})) for at, user in enumerate(users)])
    assert (window.share("user_id", 1, 2), window.present("user_id")) == (2 / 3, 6 / 7)
    assert (window.most("user_id"), window.distinct("user_id"), window.lasting()) == (3, 3, 6)
    assert (window.most("device_id"), window.share("device_id", 0, 9)) == (0, 0.0)


@pytest.mark.parametrize(("since", "is_known"), [(10, True), (11, False)])
def test_a_hit_counts_once_it_is_known(since: int, is_known: bool) -> None:
    entry = Entry(observation("e", 5), {"attack": Hit("attack", since)})
    assert matches(entry, "attack", 10) is is_known
    last = Entry(observation("f", 10))
    assert LogWindow([entry, last]).count("attack") == is_known
