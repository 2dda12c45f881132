"""Who opts out: their sessions end without content, their state goes, and all that know of them are told."""

import pytest

from applications.behaviour.visitors.messages import Forwarded, Linked, Moved, Unlinked, pack_message
from contracts.features.erasures import Forget
from contracts.fixed_topics import IDENTITIES, SESSIONIZED
from tests.applications.behaviour.keys_in_memory import Keys, account_event, browser_event
from tests.applications.behaviour.reference import DAY
from tests.applications.behaviour.visitors_of import HOUR, MINUTE, T, event


def linked_keys(opted_out: set[str]) -> Keys:
    """A browser with a closed and an open session, its account with one of its own, and another browser."""
    keys = Keys(opted_out=opted_out)
    keys.see(*(browser_event("b-1", at * MINUTE, "u-1", page_url="/p") for at in range(20)))
    keys.see(browser_event("b-1", 2 * HOUR, "u-1"), browser_event("b-2", 0, "u-1"), account_event("u-1", 5 * HOUR))
    keys.deliver()
    return keys


def remaining(keys: Keys) -> dict[str, int]:
    """Visitor → events that its sessions count."""
    found: dict[str, int] = {}
    for record in keys.sessions():
        found[record.visitor_id] = found.get(record.visitor_id, 0) + record.delta_events
    return found


def test_an_account_that_opts_out_takes_its_browsers_with_it() -> None:
    keys = linked_keys(set())
    assert remaining(keys) == {"b-1": 21, "b-2": 1, "u-1": 1}
    keys.receive("u-1", pack_message(Forget("u-1", T)))
    assert ("b-1", Forget("b-1", T)) in keys.messages() and ("b-2", Forget("b-2", T)) in keys.messages()
    keys.deliver()
    assert remaining(keys) == {"b-1": 0, "b-2": 0, "u-1": 0}
    assert (keys.packed, [chunks for chunks in keys.chunks.values() if chunks]) == ({}, [])
    last = {each.session_id: each for each in keys.sessions()}.values()
    assert {(each.end_reason, each.events, each.user_id, each.entry_page) for each in last} == {
        ("opted_out", 0, None, None)
    }
    assert {each.kind for each in last} == {"correction", "end"}
    assert keys.values(IDENTITIES)[-1] is None
    assert keys.counts["visitors_forgotten"] == 3


def test_a_browser_that_opts_out_leaves_its_account_and_the_identity_without_it() -> None:
    keys = linked_keys(set())
    keys.receive("b-1", pack_message(Forget("b-1", T)))
    assert ("u-1", Unlinked("u-1", "b-1", T)) in keys.messages()
    keys.deliver()
    assert remaining(keys) == {"b-1": 0, "b-2": 1, "u-1": 1}
    identity = keys.identities()[-1]
    assert identity is not None
    before = keys.identities()[-2]
    assert before is not None
    assert identity.version > before.version
    assert [each.domain_userid for each in identity.browsers] == ["b-2"]


def test_being_forgotten_twice_only_erases_what_may_have_outlived_the_state() -> None:
    """The identity of an account stays in the compacted topic when its state is long gone."""
    keys = linked_keys(set())
    for subject in ("u-1", "b-1"):
        keys.receive(subject, pack_message(Forget(subject, T)))
        keys.deliver()
    for subject in ("u-1", "b-1", "never seen"):
        erased = (IDENTITIES.name, subject.encode(), None, T)
        assert keys.receive(subject, pack_message(Forget(subject, T))) == [erased]
    assert keys.packed == {}


def test_nothing_is_kept_of_an_account_whose_last_browser_opts_out() -> None:
    keys = Keys()
    keys.see(browser_event("b-1", 0, "u-1"))
    keys.deliver()
    keys.receive("b-1", pack_message(Forget("b-1", T)))
    keys.deliver()
    keys.move(10 * DAY)
    assert keys.packed == {}


@pytest.mark.parametrize("subject", ["u-1", "b-1"])
def test_an_event_of_theirs_that_is_still_on_its_way_ends_their_sessions(subject: str) -> None:
    opted_out: set[str] = set()
    keys = linked_keys(opted_out)
    opted_out.add(subject)
    stamped = len(keys.stamped())
    keys.see(browser_event("b-1", 2 * HOUR + MINUTE, "u-1"))
    keys.deliver()
    assert keys.counts["events_suppressed"] == 1
    assert len(keys.stamped()) == stamped
    assert remaining(keys)["b-1"] == 0
    assert "b-1" not in keys.packed


def test_the_timer_of_who_has_opted_out_does_not_publish_their_session() -> None:
    opted_out: set[str] = set()
    keys = Keys(opted_out=opted_out)
    keys.see(browser_event("b-1", 0, page_url="/p"))
    opted_out.add("b-1")
    keys.move(HOUR)
    assert (keys.sessions()[-1].end_reason, keys.sessions()[-1].entry_page) == ("opted_out", None)
    assert keys.packed == {}


MESSAGES_OF_THE_ACCOUNT = [
    ("b-1", Moved(T, [event(0, user="u-1")])),
    ("u-1", Linked("u-1", "b-1", "session", T, T)),
]


@pytest.mark.parametrize(("to", "message"), MESSAGES_OF_THE_ACCOUNT)
def test_a_message_that_was_on_its_way_when_the_account_opted_out_brings_nothing_back(
    to: str, message: Moved | Linked
) -> None:
    keys = Keys(opted_out={"u-1"})
    keys.receive(to, pack_message(message))
    # The browser may not have heard of the opt-out: the account knew no link when it came.
    told = [("b-1", Forget("b-1", T))] if isinstance(message, Linked) else []
    assert (keys.messages(), keys.sessions(), keys.packed) == (told, [], {})


@pytest.mark.parametrize("subject", ["u-1", "b-1"])
def test_a_forwarded_event_that_was_on_its_way_is_suppressed(subject: str) -> None:
    opted_out: set[str] = set()
    keys = Keys(opted_out=opted_out)
    keys.see(browser_event("b-1", 0, "u-1"))
    keys.deliver()
    keys.see(account_event("u-1", MINUTE))
    assert isinstance(keys.messages()[-1][1], Forwarded)
    opted_out.add(subject)
    passed = len(keys.values(SESSIONIZED))
    keys.deliver()
    assert len(keys.values(SESSIONIZED)) == passed
    assert remaining(keys) == {"b-1": 0}
    assert keys.counts["events_suppressed"] == 1


def test_an_account_does_not_learn_of_a_browser_that_has_opted_out_since() -> None:
    opted_out: set[str] = set()
    keys = Keys(opted_out=opted_out)
    keys.see(account_event("u-1", 0))
    opted_out.add("b-1")
    before = keys.packed["u-1"]
    keys.receive("u-1", pack_message(Linked("u-1", "b-1", "session", T, T)))
    assert (keys.identities(), keys.packed["u-1"]) == ([], before)
