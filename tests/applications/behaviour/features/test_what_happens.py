"""What happens to features besides events: throttled records, late events, expiry, opt-outs, erasures."""

import pytest

from applications.behaviour.features.sessions import SessionFeatures
from applications.behaviour.sessions.sessions import Limits
from applications.behaviour.visitors.messages import Unlinked, pack_message
from contracts.features.erasures import EraseFeatures, Forget
from tests.applications.behaviour.features.in_memory import KeysWithFeatures
from tests.applications.behaviour.keys_in_memory import Event, account_event, browser_event
from tests.applications.behaviour.reference import DAY
from tests.applications.behaviour.visitors_of import HOUR, MINUTE, SECOND, T


def view(at: int, listing: str = "a") -> Event:
    return browser_event("b", at, event_name="listing_view", listing_id=listing, price=1.5)


def sessions_of(keys: KeysWithFeatures) -> dict[str, object]:
    """Session's id → events."""
    return {
        name.partition(":")[2]: keys.served(name)["session__depth__session"]
        for name in keys.store
        if name.startswith("session:")
    }


def test_a_session_that_goes_on_is_added_to() -> None:
    keys = KeysWithFeatures()
    keys.see(*(view(number * 10 * SECOND, str(number)) for number in range(30)))
    (session,) = sessions_of(keys)
    assert keys.served(f"session:{session}") == {
        "session__depth__session": 30,
        "session__views__session": 30,
        "session__sum__session": 45.0,
        "session__last__session": ["29", "28", "27"],
    }


def test_the_window_of_the_session_is_empty_when_it_is_over() -> None:
    keys = KeysWithFeatures()
    keys.see(view(0), view(MINUTE))
    assert keys.served("browser:b", 31 * MINUTE)["browser__views__session"] == 2
    assert keys.served("browser:b", 31 * MINUTE + 1)["browser__views__session"] == 0
    assert keys.served("browser:b", 31 * MINUTE + 1)["browser__views__1h"] == 2


def test_the_topic_gets_one_record_a_second_and_the_last_one() -> None:
    keys = KeysWithFeatures(publish_ms=1_000)
    for number in range(10):
        keys.see(view(number * SECOND))
        assert keys.served("browser:b")["browser__depth__session"] == number + 1, "the store has each change at once"
        keys.tick(100)
    assert sorted(name.partition(":")[0] for name in keys.publications) == ["browser", "browser", "session", "session"]
    keys.assert_topic_equals_store()
    keys.tick(5_000)
    assert len(keys.publications) == 4, "nothing waits"
    keys.see(view(11 * SECOND))
    assert len(keys.publications) == 6, "after a quiet second it is published at once"


def test_an_event_that_meets_a_bug_costs_the_features_that_event_and_nothing_that_came_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = KeysWithFeatures()
    keys.see(view(0))

    def broken(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(SessionFeatures, "follow", broken)  # the browser's own state has the event by then
        keys.see(view(SECOND))
    assert keys.features_counts["features_failed"] == 1
    assert keys.served("browser:b")["browser__views__1h"] == 1
    keys.see(view(2 * SECOND))
    assert keys.served("browser:b")["browser__views__1h"] == 2
    assert keys.served("browser:b")["browser__depth__session"] == 2
    assert list(sessions_of(keys).values()) == [2]
    keys.assert_topic_equals_store()


def test_of_a_session_that_is_over_the_last_record_does_not_wait_for_the_next_one() -> None:
    keys = KeysWithFeatures(publish_ms=1_000)
    keys.see(view(0), view(SECOND), view(2 * HOUR))
    keys.tick(1_000)
    assert sorted(sessions_of(keys).values(), key=str) == [1, 2]
    keys.assert_topic_equals_store()


def test_what_waits_for_its_record_survives_a_clock_that_is_set_back() -> None:
    keys = KeysWithFeatures(publish_ms=1_000)
    keys.see(view(0))
    keys.clock -= 500_000
    keys.see(view(SECOND))
    keys.assert_topic_equals_store()


def test_a_late_event_joins_two_sessions() -> None:
    keys = KeysWithFeatures()
    keys.see(view(0), view(40 * MINUTE), view(5 * HOUR))
    assert sorted(sessions_of(keys).values(), key=str) == [1, 1, 1]
    keys.see(view(20 * MINUTE, "late"))
    assert sorted(sessions_of(keys).values(), key=str) == [1, 3]
    keys.assert_topic_equals_store()


def test_a_session_that_is_too_old_to_be_made_anew_keeps_what_it_has() -> None:
    keys = KeysWithFeatures()
    keys.see(view(0), view(30 * HOUR))
    before = sessions_of(keys)
    keys.see(view(MINUTE))
    assert sessions_of(keys) == before
    assert keys.features_counts == {"session_features_incomplete": 1}
    # Of the browser it counts: its windows reach back farther, and its lifetime is all.
    assert keys.served("browser:b")["browser__last__lifetime"] == ["a"]


def test_a_session_that_begins_before_the_oldest_minute_keeps_what_it_has() -> None:
    """The late event's own minute is kept, but not the session's first one."""
    keys = KeysWithFeatures()
    keys.see(view(0), *(view(number * 25 * MINUTE) for number in range(1, 5)), view(25 * HOUR))
    keys.see(view(90 * MINUTE))
    assert sorted(sessions_of(keys).values(), key=str) == [1, 5]
    assert keys.features_counts == {"session_features_incomplete": 1}


def test_an_event_that_is_too_late_or_repeated_counts_for_nothing() -> None:
    keys = KeysWithFeatures(limits=Limits(lateness_ms=HOUR))
    keys.see(view(5 * HOUR), view(5 * HOUR))
    keys.move(5 * HOUR)
    keys.see(view(0))
    assert keys.served("browser:b")["browser__views__24h"] == 1
    assert len(keys.too_late()) == 1


def test_a_browsers_features_outlive_its_sessions_until_their_time_to_live() -> None:
    keys = KeysWithFeatures()
    keys.see(view(0, "x"))
    keys.move(4 * DAY)
    assert sessions_of(keys) == {}, "what the job can correct no longer is not kept"
    assert keys.served("browser:b")["browser__last__lifetime"] == ["x"]
    keys.see(view(5 * DAY, "y"))
    assert keys.served("browser:b")["browser__last__lifetime"] == ["y", "x"]
    keys.move(34 * DAY)
    assert "browser:b" in keys.store
    keys.move(35 * DAY + 1)
    assert (keys.store, keys.topic, keys.packed) == ({}, {}, {})


def test_at_the_end_of_the_stream_the_state_ends_and_the_features_stay() -> None:
    keys = KeysWithFeatures(publish_ms=1_000)
    keys.see(view(0), view(SECOND))
    keys.move(2**63 - 1 - T)
    assert keys.packed == {}
    assert keys.served("browser:b")["browser__depth__session"] == 2
    keys.assert_topic_equals_store()


def test_events_that_moved_to_a_browser_change_the_limits_of_its_session_and_the_accounts_is_erased() -> None:
    keys = KeysWithFeatures()
    keys.see(account_event("u", 0), account_event("u", MINUTE))
    (of_account,) = sessions_of(keys)
    keys.see(browser_event("b", 2 * MINUTE, "u", event_name="listing_view"))
    keys.deliver()
    (session,) = sessions_of(keys)
    assert session != of_account
    assert (sessions_of(keys)[session], keys.store[f"session:{session}"].session_start) == (1, T)
    assert keys.store["browser:b"].session_start == T
    keys.see(account_event("u", 5 * MINUTE))  # is forwarded
    keys.deliver()
    assert keys.store["browser:b"].session_end == T + 5 * MINUTE
    assert sessions_of(keys) == {session: 1}
    keys.assert_topic_equals_store()


def _with_all(opted_out: set[str]) -> KeysWithFeatures:
    """A browser with two sessions, its account with one of its own, and another visitor."""
    keys = KeysWithFeatures(opted_out=opted_out)
    keys.see(browser_event("b", 0, "u"), view(2 * HOUR), account_event("u", 6 * HOUR), browser_event("other", 0))
    keys.deliver()
    assert len(keys.store) == 6
    return keys


def _left(keys: KeysWithFeatures) -> dict[str, int]:
    """Entity → entries. The store and the topic have the same."""
    keys.assert_topic_equals_store()
    entities = [name.partition(":")[0] for name in keys.store]
    return {entity: entities.count(entity) for entity in set(entities)}


def test_who_opts_out_has_nothing_left() -> None:
    keys = _with_all(set())
    keys.receive("u", pack_message(Forget("u", T)))
    keys.deliver()
    assert _left(keys) == {"browser": 1, "session": 1}
    assert "browser:other" in keys.store


def test_an_event_of_who_has_opted_out_erases_what_is_there() -> None:
    opted_out: set[str] = set()
    keys = _with_all(opted_out)
    opted_out.add("b")
    keys.see(view(3 * HOUR))
    assert _left(keys) == {"browser": 1, "session": 2}
    assert "browser:b" not in keys.store


def test_a_record_that_waits_is_not_made_of_who_has_opted_out_since() -> None:
    opted_out: set[str] = set()
    keys = KeysWithFeatures(opted_out=opted_out, publish_ms=1_000)
    keys.see(view(0), view(SECOND))
    opted_out.add("b")
    keys.tick(1_000)
    assert (keys.store, keys.topic, keys.packed) == ({}, {}, {})


def test_an_opt_out_erases_what_has_outlived_the_state() -> None:
    keys = _with_all(set())
    del keys.packed["b"]
    keys.receive("b", pack_message(Forget("b", T)))
    assert "browser:b" not in keys.store


def test_a_browser_that_leaves_its_account_takes_none_of_the_accounts_sessions() -> None:
    keys = _with_all(set())
    keys.receive("u", pack_message(Unlinked("u", "b", T)))
    assert _left(keys) == {"browser": 2, "session": 4}


def test_erased_features_begin_anew_and_sessions_go_on() -> None:
    keys = _with_all(set())
    keys.receive("b", pack_message(EraseFeatures("browser", "b", T)))
    assert _left(keys) == {"browser": 1, "session": 2}
    keys.see(view(2 * HOUR + MINUTE, "new"))
    assert keys.served("browser:b")["browser__last__lifetime"] == ["new"]
    assert keys.stamped()[-1]["session_event_number"] == 2
    starts = {each.session_start: name for name, each in keys.store.items() if name.startswith("session:")}
    session = starts[T + 2 * HOUR]
    assert keys.served(session)["session__depth__session"] == 1
    keys.assert_topic_equals_store()


@pytest.mark.parametrize("number", [0, 1])
def test_one_session_is_erased(number: int) -> None:
    keys = _with_all(set())
    starts = (T, T + 2 * HOUR)
    (session,) = [
        name
        for name, each in keys.store.items()
        if name.startswith("session:") and each.session_start == starts[number] and _is_of_b(keys, name)
    ]
    keys.receive("b", pack_message(EraseFeatures("session", session.partition(":")[2], T)))
    assert _left(keys) == {"browser": 2, "session": 3}
    assert session not in keys.store
    keys.see(view(2 * HOUR + MINUTE), view(10 * MINUTE))
    assert keys.served(session)["session__depth__session"] == 1, "its minutes were erased as well"


def _is_of_b(keys: KeysWithFeatures, session: str) -> bool:
    return any(each.session_id == session.partition(":")[2] and each.visitor_id == "b" for each in keys.sessions())


@pytest.mark.parametrize(
    ("erased", "left"),
    [
        (EraseFeatures("listing", "b", T), {"browser": 2, "session": 4}),
        (EraseFeatures("user", "b", T), {"browser": 2, "session": 4}),
        (EraseFeatures("session", "never seen", T), {"browser": 2, "session": 4}),
    ],
)
def test_an_erasure_of_another_entity_changes_nothing(erased: EraseFeatures, left: dict[str, int]) -> None:
    keys = _with_all(set())
    keys.receive("b", pack_message(erased))
    assert _left(keys) == left


def test_an_erasure_of_a_browser_without_a_state_reaches_store_and_topic() -> None:
    keys = _with_all(set())
    del keys.packed["other"]
    keys.receive("other", pack_message(EraseFeatures("browser", "other", T)))
    assert "browser:other" not in keys.store and "browser:other" not in keys.topic
