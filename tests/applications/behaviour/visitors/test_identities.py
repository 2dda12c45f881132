"""The records of which browsers an account has."""

from applications.behaviour.sessions.sessions import Limits
from contracts.sessions.identities import Identity, LinkedBrowser
from tests.applications.behaviour.keys_in_memory import Keys, account_event, browser_event
from tests.applications.behaviour.visitors_of import HOUR, MINUTE, T


def identities(keys: Keys) -> list[Identity]:
    keys.deliver()
    return [each for each in keys.identities() if each is not None]


def test_there_is_a_record_for_each_new_browser_with_all_that_are_known() -> None:
    keys = Keys()
    keys.see(browser_event("b-1", 0), browser_event("b-1", MINUTE, "u-1"), browser_event("b-1", 3 * HOUR, "u-1"))
    keys.see(browser_event("b-2", 2 * MINUTE, "u-1"))
    first, second = identities(keys)
    one = LinkedBrowser(domain_userid="b-1", since_tstamp=T, linked_tstamp=T + MINUTE)
    two = LinkedBrowser(domain_userid="b-2", since_tstamp=T + 2 * MINUTE, linked_tstamp=T + 2 * MINUTE)
    assert (first.user_id, first.version, first.browsers) == ("u-1", T + MINUTE, [one])
    assert (second.user_id, second.version, second.browsers) == ("u-1", T + 2 * MINUTE, [one, two])


def test_the_browser_that_was_there_before_the_account_is_the_canonical_one() -> None:
    keys = Keys()
    keys.see(browser_event("b-1", 0), browser_event("b-1", MINUTE, "u-1"))
    (identity,) = identities(keys)
    assert (identity.canonical_id, identity.canonical_kind) == ("b-1", "browser")


def test_the_account_is_canonical_where_it_is_older_or_as_old() -> None:
    for at in (-HOUR, 0):
        keys = Keys()
        keys.see(account_event("u-1", at), browser_event("b-1", 0, "u-1"))
        (identity,) = identities(keys)
        assert (identity.canonical_id, identity.canonical_kind) == ("u-1", "account")


def test_of_two_browsers_the_older_one_is_canonical_in_any_order() -> None:
    for order in (("b-1", "b-2"), ("b-2", "b-1")):
        keys = Keys()
        for browser in order:
            since = 0 if browser == "b-2" else MINUTE
            keys.see(browser_event(browser, since), browser_event(browser, 5 * MINUTE, "u-1"))
        *_, last = identities(keys)
        assert (last.canonical_id, last.canonical_kind) == ("b-2", "browser")


def test_a_late_event_before_the_first_one_makes_the_visitor_older() -> None:
    keys = Keys()
    keys.see(browser_event("b-1", 10 * MINUTE), browser_event("b-1", MINUTE), browser_event("b-1", 11 * MINUTE, "u-1"))
    (identity,) = identities(keys)
    assert identity.browsers[0].since_tstamp == T + MINUTE
    keys = Keys()
    keys.see(account_event("u-1", 3 * HOUR), account_event("u-1", 0))
    keys.see(browser_event("b-1", MINUTE), browser_event("b-1", 2 * MINUTE, "u-1"))
    (identity,) = identities(keys)
    assert identity.canonical_id == "u-1"


def test_a_browser_that_is_told_of_again_after_a_long_time_gives_no_record() -> None:
    keys = Keys()
    keys.see(*(browser_event("b-1", at * HOUR, "u-1") for at in range(10)))
    assert len(identities(keys)) == 1


def test_a_shared_browser_is_in_the_records_of_both_accounts() -> None:
    keys = Keys()
    keys.see(browser_event("b-1", 0, "u-1"), browser_event("b-1", MINUTE, "u-2"))
    found = {each.user_id: [browser.domain_userid for browser in each.browsers] for each in identities(keys)}
    assert found == {"u-1": ["b-1"], "u-2": ["b-1"]}


def test_when_the_account_was_forgotten_for_its_age_its_records_begin_anew_with_higher_versions() -> None:
    """The record does not have the browser of before, though it takes that one's place."""
    keys = Keys(limits=Limits(lateness_ms=HOUR))
    keys.see(browser_event("b-1", 0, "u-1"))
    keys.deliver()
    keys.move(4 * HOUR)
    assert keys.packed == {}
    keys.see(browser_event("b-2", 5 * HOUR, "u-1"))
    first, second = identities(keys)
    assert [first.version, second.version] == [T, T + 5 * HOUR]
    assert [each.domain_userid for each in second.browsers] == ["b-2"]
