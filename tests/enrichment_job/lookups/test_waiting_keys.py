from hypothesis import given
from hypothesis import strategies as st

from contracts.lookup_api.lookups import LookupKey
from core.lookups.pending_lookup import PendingLookup
from enrichment_job.lookups.waiting_keys import WaitingKeys


def _lookups(count: int) -> list[PendingLookup]:
    return [PendingLookup(LookupKey("user", str(n)), deadline=float(n)) for n in range(count)]


def test_the_newest_go_first_in_the_order_in_which_they_were_asked_for() -> None:
    waiting, lookups = WaitingKeys(10), _lookups(5)
    assert all(waiting.put(pending) for pending in lookups)
    assert waiting.take(2) == lookups[3:]
    assert waiting.take(9) == lookups[:3]
    assert waiting.take(1) == []


def test_there_is_room_for_so_many() -> None:
    waiting, lookups = WaitingKeys(2), _lookups(3)
    assert [waiting.put(pending) for pending in lookups] == [True, True, False]
    waiting.take(1)
    assert waiting.put(lookups[2])


def test_who_is_asked_for_again_is_as_new_as_what_comes_now() -> None:
    waiting, lookups = WaitingKeys(10), _lookups(3)
    for pending in lookups:
        waiting.put(pending)
    lookups[0].deadline = 9.0
    waiting.renew(lookups[0])
    assert waiting.overdue(2.0) == lookups[1:]
    assert waiting.take(9) == lookups[:1]
    waiting.renew(lookups[0])
    assert len(waiting) == 0, "what was sent does not come back"


def test_what_is_put_back_goes_after_what_came_since_and_is_dropped_in_its_time() -> None:
    waiting, lookups = WaitingKeys(2), _lookups(3)
    assert waiting.put(lookups[1])
    assert waiting.put_back(lookups[0])
    assert not waiting.put_back(lookups[2]), "no room"
    assert waiting.take(1) == lookups[1:2]
    assert waiting.overdue(0.0) == lookups[:1]


STEPS = st.sampled_from(["put", "renew", "overdue", "take", "put back"])


@given(st.lists(st.tuples(STEPS, st.integers(0, 30)), max_size=200))
def test_every_key_leaves_once_and_none_whose_time_is_not_over_is_dropped(steps: list[tuple[str, int]]) -> None:
    waiting, lookups = WaitingKeys(1_000), []
    left: list[PendingLookup] = []
    now = 0.0
    for step, number in steps:
        now += 1
        if step == "put":
            lookups.append(PendingLookup(LookupKey("user", "x"), deadline=now + 10))
            waiting.put(lookups[-1])
        elif step == "renew" and lookups:
            again = lookups[number % len(lookups)]
            again.deadline = now + 10
            waiting.renew(again)
        elif step == "overdue":
            dropped = waiting.overdue(now)
            assert all(pending.deadline <= now for pending in dropped)
            left += dropped
        elif step == "take":
            left += waiting.take(number)
        elif step == "put back":
            assert all(waiting.put_back(pending) for pending in waiting.take(number))
    left += waiting.take(1_000)
    assert sorted(map(id, left)) == sorted(map(id, lookups))
