"""Events that come when later ones have left the log: again, or really late."""

from core.risk.observation import Hit, Part
from core.risk.subject.judge import open_event, peek, take_part
from core.risk.subject.limits import LIMITS, Limits
from core.risk.subject.state import SubjectState, pack
from tests.core.risk.subject.made import DAY, HOUR, MINUTE, RULES, T0, observation
from tests.core.risk.subject.test_habits import profile_of, seen, success


def test_repetitions_from_long_ago_are_not_counted_again() -> None:
    failures = [observation(f"failure-{n:02}", T0 + n * MINUTE, "sign_in_failed") for n in range(60)]
    state = SubjectState()
    for failure in failures:
        open_event(state, failure, (), RULES)
    open_event(state, observation("event-000", T0 + 25 * HOUR, flow="checkout"), (), RULES)
    before = profile_of(state)
    for failure in failures[:19]:
        open_event(state, failure, (), RULES)
    assert profile_of(state) == before
    assert seen(state, success(1, T0 + 25 * HOUR))["user.failures_in_a_row"] == 60


def test_a_late_event_has_a_verdict_and_changes_nothing() -> None:
    state = SubjectState()
    for number in range(3):
        open_event(state, success(number, T0 + number * DAY), (), RULES)
    before = pack(state)
    late = success(9, T0 + HOUR, device="d9")
    assert not open_event(state, late, ["address:1"], RULES)
    (verdict,) = take_part(state, Part(late.identity, "address:1", (Hit("stuffing_address", late.at, 30.0),)), RULES)
    assert [reason.code for reason in verdict.reasons] == ["stuffing_address", "new_device"]
    assert (verdict.decision, verdict.decided_tstamp) == ("challenge", late.at)
    state.settled = [entry for entry in state.settled if entry.observed != late]  # It is kept there for a label.
    assert pack(state) == before


def test_what_came_after_a_late_event_is_not_its_past() -> None:
    """The profile knows a later new device: a change before it is not one soon after it."""
    state = SubjectState()
    for number, device in enumerate(["d0", "d9", "d9"]):
        open_event(state, success(number, T0 + number * DAY, device=device), (), RULES)
    change = observation("change", T0 + DAY - HOUR // 2, flow="account_change")
    assert state.dropped_at > change.at
    assert peek(state, change, (), RULES).decision == "allow"
    (verdict,) = open_event(state, change, (), RULES)
    assert (verdict.decision, verdict.reasons) == ("allow", [])


def test_an_event_that_waits_is_judged_in_its_place() -> None:
    """The failure would leave the log, but the success that waits is before it."""
    state = SubjectState()
    open_event(state, observation("failure", T0 + 10 * MINUTE, "sign_in_failed"), (), RULES)
    open_event(state, observation("other-0", T0 + 50 * MINUTE, flow="checkout"), (), RULES)
    waiting = success(0, T0)
    assert not open_event(state, waiting, ["site:"], RULES)
    open_event(state, observation("other-1", T0 + 3 * HOUR + 20 * MINUTE, flow="checkout"), (), RULES)
    (verdict,) = take_part(state, Part(waiting.identity, "site:"), RULES)
    assert verdict.event_id == waiting.event_id
    assert seen(state, success(1, T0 + 4 * HOUR))["user.failures_in_a_row"] == 1


def test_an_event_that_waits_is_learnt_though_the_log_goes_on() -> None:
    """In a fast replay the facets answer when the account has more events than the log keeps."""
    state = SubjectState()
    waiting = success(0, T0)
    assert not open_event(state, waiting, ["site:"], RULES)
    for number in range(150):
        open_event(state, observation(f"other-{number:03}", T0 + HOUR + number, flow="checkout"), (), RULES)
    assert state.dropped_at > waiting.at
    (verdict,) = take_part(state, Part(waiting.identity, "site:"), RULES)
    assert verdict.event_id == waiting.event_id
    assert profile_of(state).sign_ins == 1
    assert not open_event(state, waiting, ["site:"], RULES)


def test_the_log_reaches_back_by_the_longest_timespan_and_the_lateness() -> None:
    assert LIMITS.kept_ms(RULES) == 3 * HOUR
    assert Limits(lateness_ms=5).kept_ms(RULES) == 2 * HOUR + 5
