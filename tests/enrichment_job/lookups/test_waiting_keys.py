from hypothesis import given
from hypothesis import strategies as st

from contracts.lookup_api.lookups import LookupKey
from core.lookups.pending_lookup import PendingLookup
from enrichment_job.lookups.waiting_keys import WaitingKeys


def _tickets(count: int) -> list[PendingLookup]:
    return [PendingLookup(LookupKey("user", str(n)), deadline=float(n)) for n in range(count)]


def test_the_newest_go_first_in_the_order_in_which_they_were_asked_for() -> None:
    waiting, tickets = WaitingKeys(10), _tickets(5)
    assert all(waiting.put(ticket) for ticket in tickets)
    assert waiting.take(2) == tickets[3:]
    assert waiting.take(9) == tickets[:3]
    assert waiting.take(1) == []


def test_there_is_room_for_so_many() -> None:
    waiting, tickets = WaitingKeys(2), _tickets(3)
    assert [waiting.put(ticket) for ticket in tickets] == [True, True, False]
    waiting.take(1)
    assert waiting.put(tickets[2])


def test_who_is_asked_for_again_is_as_new_as_what_comes_now() -> None:
    waiting, tickets = WaitingKeys(10), _tickets(3)
    for ticket in tickets:
        waiting.put(ticket)
    tickets[0].deadline = 9.0
    waiting.renew(tickets[0])
    assert waiting.overdue(2.0) == tickets[1:]
    assert waiting.take(9) == tickets[:1]
    waiting.renew(tickets[0])
    assert len(waiting) == 0, "what was sent does not come back"


def test_what_is_put_back_goes_after_what_came_since_and_is_dropped_in_its_time() -> None:
    waiting, tickets = WaitingKeys(2), _tickets(3)
    assert waiting.put(tickets[1])
    assert waiting.put_back(tickets[0])
    assert not waiting.put_back(tickets[2]), "no room"
    assert waiting.take(1) == tickets[1:2]
    assert waiting.overdue(0.0) == tickets[:1]


STEPS = st.sampled_from(["put", "renew", "overdue", "take", "put back"])


@given(st.lists(st.tuples(STEPS, st.integers(0, 30)), max_size=200))
def test_every_key_leaves_once_and_none_whose_time_is_not_over_is_dropped(steps: list[tuple[str, int]]) -> None:
    waiting, tickets = WaitingKeys(1_000), []
    left: list[PendingLookup] = []
    now = 0.0
    for step, number in steps:
        now += 1
        if step == "put":
            tickets.append(PendingLookup(LookupKey("user", "x"), deadline=now + 10))
            waiting.put(tickets[-1])
        elif step == "renew" and tickets:
            again = tickets[number % len(tickets)]
            again.deadline = now + 10
            waiting.renew(again)
        elif step == "overdue":
            dropped = waiting.overdue(now)
            assert all(ticket.deadline <= now for ticket in dropped)
            left += dropped
        elif step == "take":
            left += waiting.take(number)
        elif step == "put back":
            assert all(waiting.put_back(ticket) for ticket in waiting.take(number))
    left += waiting.take(1_000)
    assert sorted(map(id, left)) == sorted(map(id, tickets))
