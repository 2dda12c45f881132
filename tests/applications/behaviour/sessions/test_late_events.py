"""Events that come out of order, again, or too late."""

from applications.behaviour.sessions.rules import SessionRules
from applications.behaviour.sessions.sessions import Limits, Place
from tests.applications.behaviour.reference import DAY, IDLE, reference
from tests.applications.behaviour.visitors_of import (
    HOUR,
    KEY,
    MINUTE,
    SECOND,
    OneVisitor,
    T,
    assert_deltas_sum_up,
    event,
    final,
)


def test_an_event_before_the_first_one_is_the_first_one() -> None:
    one = OneVisitor()
    one.see(event(10 * SECOND), event(20 * SECOND))
    (place,) = one.see(event(5 * SECOND))
    assert (place.number, place.seconds_since_last, place.session_index) == (3, None, 1)
    one.move(HOUR)
    assert final(one.records) == reference(*KEY, [event(5 * SECOND), event(10 * SECOND), event(20 * SECOND)])


def test_an_event_out_of_order_has_the_next_number_and_no_distance() -> None:
    one = OneVisitor()
    one.see(event(0, 5), event(0, 9))
    (place,) = one.see(event(0, 7))
    assert (place.number, place.seconds_since_last) == (3, None)


def test_an_event_id_with_another_time_is_the_same_event() -> None:
    """The first one that comes stands; the second is stamped as repeated, and no session counts it."""
    one = OneVisitor()
    (first,) = one.see(event(0, 1))
    (again,) = one.see(event(2 * HOUR, 1))
    assert again == Place(first.session_id, first.session_index, 0, None, is_repeated=True)
    one.move(5 * HOUR)
    assert final(one.records) == reference(*KEY, [event(0, 1)])


def test_a_repeated_event_names_the_session_at_its_time() -> None:
    one = OneVisitor()
    first, second = one.see(event(0, 1), event(2 * HOUR, 2))
    assert [place.session_id for place in one.see(event(0, 1), event(2 * HOUR, 2))] == [
        first.session_id,
        second.session_id,
    ]


def test_lateness_to_the_millisecond() -> None:
    one = OneVisitor(limits=Limits(lateness_ms=HOUR))
    one.see(event(0))
    one.watermark = T + HOUR + 10
    assert isinstance(one.sessions.see(one.visitor, event(10), one.watermark, one.records), Place)
    before = one.visitor.log.events(), list(one.records)
    assert one.sessions.see(one.visitor, event(9), one.watermark, one.records) == "lateness"
    assert (one.visitor.log.events(), one.records) == before


def test_a_repeated_event_is_repeated_however_late() -> None:
    one = OneVisitor(limits=Limits(lateness_ms=HOUR))
    one.see(event(0))
    one.watermark = T + 2 * HOUR
    assert one.see(event(0))[0].is_repeated


def test_what_is_no_longer_kept_is_refused_by_the_limit_of_the_state() -> None:
    one = OneVisitor(SessionRules(most_events=10), Limits(most_kept=10))
    one.see(*(event(number, number) for number in range(11)))
    assert one.sessions.see(one.visitor, event(9, 99), one.watermark, one.records) == "state_limit"
    assert one.sessions.see(one.visitor, event(5, 98), one.watermark, one.records) == "state_limit"
    assert one.see(event(10, 99))[0].number == 2


def test_behind_a_sealed_session_the_next_one_still_has_the_name_of_one_without_a_gap() -> None:
    one = OneVisitor(SessionRules(most_events=10), Limits(most_kept=10))
    places = one.see(*(event(2 * number, number) for number in range(11)))
    (late,) = one.see(event(19, 99))
    assert late.number == 2
    assert late.session_id not in {place.session_id for place in places}
    one.move(HOUR)
    events = [*(event(2 * number, number) for number in range(11)), event(19, 99)]
    assert final(one.records) == reference(*KEY, events, most=10)


def test_a_gap_of_twelve_hours() -> None:
    """Twelve hours of one partition do not come in time: its events are late by twelve hours, and lose nothing."""
    one = OneVisitor()
    held_back = [event(number * 10 * MINUTE) for number in range(1, 72)]
    one.see(event(0), event(12 * HOUR))
    one.move(12 * HOUR + IDLE + 1)
    one.see(*held_back)
    one.move(20 * HOUR)
    assert final(one.records) == reference(*KEY, [event(0), *held_back, event(12 * HOUR)])
    assert len(final(one.records)) == 1
    assert_deltas_sum_up(one.records)


def test_a_clock_that_jumps_twelve_hours_on_and_back() -> None:
    """The events of the wrong hours are a session of their own, and disturb no other one."""
    one = OneVisitor()
    right = [event(number * MINUTE) for number in range(20)]
    wrong = [event(12 * HOUR + number * MINUTE) for number in range(5, 8)]
    one.see(*right[:5])
    one.move(5 * MINUTE)
    one.see(*wrong)
    one.move(12 * HOUR)
    one.see(*right[8:])
    one.move(DAY)
    found = final(one.records)
    assert found == reference(*KEY, [*right[:5], *wrong, *right[8:]])
    assert [each.events for each in found] == [17, 3]
    assert_deltas_sum_up(one.records)


def test_a_clock_that_jumps_back() -> None:
    one = OneVisitor()
    events = [event(at) for at in (0, MINUTE, MINUTE - 12 * HOUR, 2 * MINUTE - 12 * HOUR, 2 * MINUTE, 3 * MINUTE)]
    one.see(*events)
    one.move(HOUR)
    found = final(one.records)
    assert found == reference(*KEY, events)
    assert [each.events for each in found] == [2, 4]
