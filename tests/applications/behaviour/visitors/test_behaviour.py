"""Browsers and accounts: events and messages between the keys."""

import msgspec
import pytest

from applications.behaviour.events.behaviour_event import logged, read_event
from applications.behaviour.sessions.sessions import Limits
from applications.behaviour.visitors.messages import Forwarded, Linked, Moved, pack_message
from contracts.fixed_topics import SESSIONIZED
from tests.applications.behaviour.keys_in_memory import Event, Keys, account_event, browser_event
from tests.applications.behaviour.reference import IDLE, Session, reference
from tests.applications.behaviour.visitors_of import HOUR, MINUTE, SECOND, T, assert_deltas_sum_up, final

HOURS_12 = 12 * HOUR


def sessions_of(kind: str, visitor: str, *events: Event) -> list[Session]:
    return reference(kind, visitor, [logged(read_event(msgspec.json.encode(event))) for event in events])


def test_an_event_is_passed_on_with_its_stamp_behind_its_own_fields() -> None:
    keys = Keys()
    value = msgspec.json.encode(browser_event("b-1", 0, listing_id="unknown to the job"))
    keys.receive("b-1", value)
    (passed,) = keys.values(SESSIONIZED)
    assert passed is not None and passed.startswith(value[:-1] + b',"visitor_id":"b-1"')
    keys.see(browser_event("b-1", 5_000))
    first, second = keys.stamped()
    assert (first["session_event_number"], first["session_is_first"], first["session_index"]) == (1, True, 1)
    assert "session_seconds_since_last" not in first
    assert (second["session_event_number"], second["session_is_first"]) == (2, False)
    assert (second["session_seconds_since_last"], second["session_id"]) == (5.0, first["session_id"])


@pytest.mark.parametrize("at", [-IDLE, -MINUTE, 0, 10 * MINUTE, 10 * MINUTE + IDLE])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_accounts_event_is_in_the_session_of_its_browser_whenever_it_comes(at: int, place: int) -> None:
    """Before, between and behind the browser's events in time, and in the order of arrival."""
    browser = [browser_event("b-1", 0, "u-1"), browser_event("b-1", 10 * MINUTE, "u-1")]
    event = account_event("u-1", at)
    arriving = [*browser[:place], event, *browser[place:]]
    keys = Keys()
    for each in arriving:
        keys.see(each)
        keys.deliver()
    keys.move(HOURS_12)
    assert final(keys.sessions()) == sessions_of("browser", "b-1", *browser, event)
    assert_deltas_sum_up(keys.sessions())
    assert keys.counts["events_sessionized"] == 3


def test_the_superseded_session_of_the_account_leads_to_the_one_that_has_its_events() -> None:
    keys = Keys()
    keys.see(account_event("u-1", 0), account_event("u-1", MINUTE), browser_event("b-1", 2 * MINUTE, "u-1"))
    keys.deliver()
    keys.move(HOURS_12)
    (gone,) = [each for each in keys.sessions() if each.kind == "superseded"]
    (session,) = final(keys.sessions())
    assert (gone.visitor_kind, gone.visitor_id, gone.superseded_by) == ("account", "u-1", session.id)
    assert session.events == 3
    assert keys.counts["events_moved"] == 2


def test_superseded_records_can_be_followed_where_the_moved_event_changes_the_browsers_session_too() -> None:
    """It is then the first one, in an earlier window, and so the browser's session has another id."""
    keys = Keys()
    keys.see(account_event("u-1", -MINUTE), browser_event("b-1", 0, "u-1"))
    keys.deliver()
    keys.move(HOURS_12)
    by = {each.session_id: each.superseded_by for each in keys.sessions() if each.kind == "superseded"}
    (session,) = final(keys.sessions())
    (account_session,) = {each.session_id for each in keys.sessions() if each.visitor_kind == "account"}
    assert by[by[account_session] or ""] == session.id


def test_only_the_events_within_the_idle_time_move() -> None:
    keys = Keys()
    far, near = account_event("u-1", -IDLE - 1), account_event("u-1", -IDLE)
    browser = browser_event("b-1", 0, "u-1")
    keys.see(far, near, browser)
    keys.deliver()
    keys.move(HOURS_12)
    expected = [*sessions_of("account", "u-1", far), *sessions_of("browser", "b-1", near, browser)]
    assert final(keys.sessions()) == expected
    assert_deltas_sum_up(keys.sessions())


def test_an_account_without_a_browser_has_sessions_of_its_own() -> None:
    keys = Keys()
    events = [account_event("u-1", 0), account_event("u-1", MINUTE)]
    keys.see(*events)
    keys.move(HOURS_12)
    assert final(keys.sessions()) == sessions_of("account", "u-1", *events)
    assert not keys.messages()


def test_signing_in_adds_the_account_to_the_session() -> None:
    keys = Keys()
    keys.see(browser_event("b-1", 0), browser_event("b-1", MINUTE, "u-1"), browser_event("b-1", 2 * MINUTE, "u-2"))
    keys.move(HOURS_12)
    last = keys.sessions()[-1]
    assert (last.events, last.user_id, last.user_ids) == (3, "u-1", ["u-1", "u-2"])


def test_a_browser_and_an_account_with_the_same_id_are_two_visitors() -> None:
    keys = Keys()
    browser, account = browser_event("same", 0), account_event("same", 1)
    keys.see(browser, account)
    keys.move(HOURS_12)
    expected = [*sessions_of("browser", "same", browser), *sessions_of("account", "same", account)]
    assert final(keys.sessions()) == expected
    keys.move(10 * 24 * HOUR)
    assert keys.packed == {} and not keys.chunks["same"]


def test_a_browser_and_an_account_with_the_same_id_that_belong_together() -> None:
    keys = Keys()
    events = [account_event("same", 0), *(browser_event("same", at * SECOND, "same") for at in range(1, 40))]
    keys.see(*events)
    keys.deliver()
    keys.move(HOURS_12)
    assert final(keys.sessions()) == sessions_of("browser", "same", *events)


def test_a_forwarded_event_that_comes_again_is_counted_once() -> None:
    keys = Keys()
    event = account_event("u-1", MINUTE)
    keys.see(event, browser_event("b-1", 0, "u-1"))
    keys.deliver()
    keys.see(event, event)
    keys.deliver()
    keys.move(HOURS_12)
    assert [each.events for each in final(keys.sessions())] == [2]
    assert (keys.counts["events_sessionized"], keys.counts["events_repeated"]) == (2, 2)


def test_a_repeated_event_with_another_time_and_account_links_nothing() -> None:
    keys = Keys()
    keys.see(browser_event("b-1", 0, event_id="twice-01"), browser_event("b-1", HOUR, "u-1", event_id="twice-01"))
    assert not keys.messages()


def test_an_event_that_is_too_late_is_passed_on_as_such_and_nothing_is_kept_of_a_visitor_without_others() -> None:
    keys = Keys(limits=Limits(lateness_ms=HOUR))
    keys.move(2 * HOUR)
    keys.see(browser_event("b-1", 0, "u-1"), account_event("u-1", 0))
    assert [(each["session_reason"], each["lateness_ms"]) for each in keys.too_late()] == [("lateness", 2 * HOUR)] * 2
    assert keys.counts["events_too_late"] == 2
    assert (keys.stamped(), keys.messages(), keys.packed) == ([], [], {})


def test_nothing_is_kept_of_a_browser_whose_only_forwarded_event_is_too_late() -> None:
    keys = Keys(limits=Limits(lateness_ms=HOUR))
    keys.move(2 * HOUR)
    value = msgspec.json.encode(account_event("u-1", 0))
    keys.receive("b-1", pack_message(Forwarded(T, value)))
    assert (keys.counts["events_too_late"], keys.packed) == (1, {})


def test_in_the_end_nothing_is_kept() -> None:
    keys = Keys(limits=Limits(lateness_ms=HOUR))
    keys.see(*(browser_event("b-1", at * SECOND, "u-1") for at in range(50)))
    keys.see(*(account_event("u-1", at * SECOND) for at in range(20)))
    keys.deliver()
    for minute in range(180):
        keys.move(minute * MINUTE)
        keys.deliver()
    assert (keys.packed, [chunks for chunks in keys.chunks.values() if chunks]) == ({}, [])


def test_moved_events_of_a_time_that_the_browser_no_longer_keeps_are_counted() -> None:
    keys = Keys(limits=Limits(most_kept=1, most_at_once=1))
    keys.see(browser_event("b-1", 0), browser_event("b-1", HOUR))
    moved = logged(read_event(msgspec.json.encode(account_event("u-1", -1))))
    keys.receive("b-1", pack_message(Moved(T, [moved])))
    assert keys.counts["events_unplaced"] == 1
    keys.move(HOURS_12)
    assert [each.events for each in final(keys.sessions())] == [1, 1]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"{}",
        b"no message",
        msgspec.msgpack.encode([9, "b-1"]),
        pack_message(Forwarded(T, b"{}")),
        pack_message(Linked("u-1", "b-1", "s", 0, 0))[:-1],
    ],
)
def test_a_record_that_is_neither_an_event_nor_a_message_changes_nothing(value: bytes) -> None:
    keys = Keys()
    keys.see(browser_event("b-1", 0, "u-1"))
    kept, written = keys.kept("b-1"), list(keys.written)
    with pytest.raises(msgspec.MsgspecError):
        keys.behaviour.receive(kept, value, keys.watermark)
    assert (kept.packed(), keys.written) == (keys.packed["b-1"], written)
    fresh = keys.kept("b-2")
    with pytest.raises(msgspec.MsgspecError):
        keys.behaviour.receive(fresh, value, keys.watermark)
    assert fresh.packed() is None


def test_many_events_move_in_several_messages_that_the_broker_takes() -> None:
    keys = Keys()
    page = "https://www.market.example/" + "p" * 8_000
    keys.see(*(account_event("u-1", number, event_id=f"event-{number}", page_url=page) for number in range(200)))
    keys.see(browser_event("b-1", 1_000, "u-1"))
    keys.deliver()
    moved = [message for _, message in keys.messages() if isinstance(message, Moved)]
    assert sum(len(each.events) for each in moved) == 200
    assert all(len(pack_message(each)) < 512 * 1024 for each in moved)
    assert len(moved) > 3
    keys.move(HOUR)
    assert [each.events for each in final(keys.sessions())] == [201]


def test_an_account_whose_sessions_a_link_does_not_touch_reads_none_of_its_events() -> None:
    keys = Keys()
    keys.see(*(account_event("u-1", number) for number in range(20)))
    keys.chunks["u-1"].clear()  # to read them would fail
    keys.see(browser_event("b-1", 5 * HOUR, "u-1"))
    keys.deliver()
    assert [each.user_id for each in keys.identities() if each is not None] == ["u-1"]
