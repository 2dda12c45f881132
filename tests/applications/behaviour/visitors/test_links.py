"""Which browser an account's events belong to."""

import pytest

from applications.behaviour.visitors.links import MOST_LINKS, Links
from applications.behaviour.visitors.messages import Linked
from applications.behaviour.visitors.state import LinkState, new_state
from tests.applications.behaviour.reference import IDLE
from tests.applications.behaviour.visitors_of import HOUR, MINUTE, T

LINKS = Links(IDLE, 10 * HOUR)
REACH = IDLE + IDLE // 2


def linked(at: int, browser: str = "b-1", session: str = "s-1", since: int = 0) -> Linked:
    return Linked("u-1", browser, session, T + since, T + at)


def test_an_account_is_told_at_the_first_event_and_again_after_half_the_idle_time() -> None:
    told: dict[str, int] = {}
    times = [0, 1, IDLE // 2 - 1, IDLE // 2, IDLE // 2 + 1, IDLE]
    assert [LINKS.must_tell(told, "u-1", T + at) for at in times] == [True, False, False, True, False, True]


def test_an_account_is_told_of_every_event_that_is_before_the_one_it_was_told_of() -> None:
    """Else an account's event within the idle time before the earlier one would not find the browser."""
    told: dict[str, int] = {}
    assert [LINKS.must_tell(told, "u-1", T + at) for at in (10, 9, 9, 10)] == [True, True, False, False]


def test_each_account_is_told() -> None:
    told: dict[str, int] = {}
    assert [LINKS.must_tell(told, account, T) for account in ("u-1", "u-2", "u-1")] == [True, True, False]


def test_a_browser_remembers_the_accounts_that_were_told_last() -> None:
    told: dict[str, int] = {}
    for number in range(MOST_LINKS):
        LINKS.must_tell(told, f"u-{number}", T)
    LINKS.must_tell(told, "u-0", T + HOUR)
    LINKS.must_tell(told, "u-new", T + HOUR)
    assert len(told) == MOST_LINKS
    assert "u-1" not in told and {"u-0", "u-new"} <= told.keys()


def test_links_close_to_each_other_are_one_row() -> None:
    links: list[LinkState] = []
    first, is_new = LINKS.learn(links, linked(0, since=-5))
    assert is_new
    for at, session, since in ((REACH, "s-2", -9), (-REACH, "s-0", 3)):
        again, is_new = LINKS.learn(links, linked(at, session=session, since=since))
        assert (again, is_new) == (first, False)
    assert links == [LinkState("b-1", "s-0", T - 9, T, T - REACH, T + REACH)]


def test_links_far_from_each_other_are_two_rows_that_know_the_oldest_times() -> None:
    links: list[LinkState] = []
    LINKS.learn(links, linked(0, since=-5))
    second, is_new = LINKS.learn(links, linked(REACH + 1, session="s-2", since=7))
    assert not is_new
    assert second == LinkState("b-1", "s-2", T - 5, T, T + REACH + 1, T + REACH + 1)
    assert [link.last for link in links] == [T, T + REACH + 1]


def test_another_browser_is_new() -> None:
    links: list[LinkState] = []
    LINKS.learn(links, linked(0))
    assert LINKS.learn(links, linked(1, "b-2"))[1]


def test_the_oldest_rows_beyond_the_limit_are_dropped() -> None:
    links: list[LinkState] = []
    for number in range(MOST_LINKS + 5):
        LINKS.learn(links, linked(number, f"b-{number}"))
    assert [link.browser for link in links] == [f"b-{number}" for number in range(5, MOST_LINKS + 5)]


@pytest.mark.parametrize(
    ("at", "is_covered"),
    [(-IDLE - 1, False), (-IDLE, True), (0, True), (HOUR, True), (HOUR + REACH, True), (HOUR + REACH + 1, False)],
)
def test_a_row_covers_the_idle_time_before_it_and_half_as_much_more_behind_it(at: int, is_covered: bool) -> None:
    link = LinkState("b-1", "s-1", T, T, T, T + HOUR)
    assert LINKS.covers(link, T + at) is is_covered


def test_of_two_browsers_the_one_that_was_seen_last() -> None:
    early, late = LinkState("b-1", "s-1", T, T, T, T), LinkState("b-2", "s-2", T, T, T + HOUR, T + HOUR)
    links = [early, late]
    assert LINKS.browser_at(links, T + 20 * MINUTE) is early
    assert LINKS.browser_at(links, T + 40 * MINUTE) is late
    assert LINKS.browser_at(links, T + HOUR) is late
    assert LINKS.browser_at(links, T + 3 * HOUR) is None
    assert LINKS.browser_at([], T) is None


def test_forgetting_a_browser_takes_all_its_rows() -> None:
    account = new_state(T)
    account.sent = {1: "b-1", 2: "b-2"}
    for message in (linked(0), linked(2 * HOUR), linked(0, "b-2")):
        LINKS.learn(account.links, message)
    assert LINKS.forget(account, "b-1")
    assert [link.browser for link in account.links] == ["b-2"]
    assert account.sent == {2: "b-2"}
    assert not LINKS.forget(account, "b-1")


def test_a_row_is_dropped_when_no_event_can_be_in_it() -> None:
    state = new_state(T)
    LINKS.learn(state.links, linked(0))
    state.told["u-2"] = T
    assert LINKS.due([]) == 0
    due = LINKS.due(state.links)
    assert due == T + REACH + 10 * HOUR + 1
    LINKS.drop_old(state, due - 1 - 10 * HOUR)
    assert (len(state.links), len(state.told)) == (1, 1)
    LINKS.drop_old(state, due - 10 * HOUR)
    assert (state.links, state.told) == ([], {})
