"""After an erasure nothing of the account comes back by what was on its way."""

from core.risk.observation import Hit, Part
from core.risk.subject.judge import erase, open_event, take_part
from core.risk.subject.labelling import take_label
from core.risk.subject.state import SubjectState, pack, unpack
from tests.core.risk.subject.made import HOUR, RULES, T0, label, observation
from tests.core.risk.subject.test_habits import profile_of, success

NOTHING = SubjectState(newest=T0 + HOUR, dropped_at=T0 + HOUR, erased_at=T0 + HOUR)


def erased() -> SubjectState:
    state = SubjectState()
    open_event(state, success(0, T0), ["address:1"], RULES)
    open_event(state, success(1, T0 + HOUR), (), RULES)
    assert take_label(state, label("l9", "erase", None, T0), RULES).is_erased
    return state


def test_only_its_time_is_left() -> None:
    assert erased() == NOTHING
    assert b"u1" not in pack(erased())
    again = erased()
    erase(again)
    assert again == NOTHING


def test_parts_and_repetitions_from_before_leave_nothing() -> None:
    state = erased()
    assert not take_part(
        state, Part("sign_in:event-000", "address:1", (Hit("stuffing_address", T0, 9.0),), at=T0), RULES
    )
    assert state == NOTHING
    (verdict,) = open_event(state, observation("event-001", T0 + HOUR, "sign_in_succeeded"), ["site:"], RULES)
    assert (verdict.event_id, verdict.decision) == ("event-001", "allow")
    odd = observation("event-000", T0, "sign_in_succeeded", "odd_agent")
    assert open_event(state, odd, (), RULES)[0].reasons
    assert state == NOTHING


def test_the_account_begins_anew() -> None:
    state = unpack(pack(erased()))
    later = success(2, T0 + 2 * HOUR)
    take_part(state, Part(later.identity, "site:", at=later.at), RULES)
    assert open_event(state, later, ["site:"], RULES)
    assert (profile_of(state).sign_ins, profile_of(state).first_seen) == (1, later.at)
