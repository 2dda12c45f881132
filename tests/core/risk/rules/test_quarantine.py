"""A rule that is too slow, or fails, is not evaluated any more; the others go on."""

from time import sleep, thread_time

import pytest

from core.risk.facets.log import add
from core.risk.facets.state import FacetState, pack, unpack
from core.risk.observe import observe
from core.risk.rules.quarantine import FIRST, Budget, Quarantine
from core.risk.rules.rule_set import HabitRule
from core.risk.security_event import SecurityEvent
from tests.core.risk.rules.rule_texts import change, correlation, loaded, rule

_EVENT = SecurityEvent(event_id="e", event_name="sign_in", collector_tstamp=1, user_id="x" * 1_000)


def _busy(seconds: float) -> bool:
    end = thread_time() + seconds
    while thread_time() < end:
        pass
    return True


def _waits(_: object) -> bool:
    sleep(0.003)
    return True


def test_a_usually_slow_rule_is_stopped() -> None:
    quarantine = Quarantine(Budget(median_us=200, samples=8))
    holds = quarantine.timed("slow", lambda _: _busy(0.001))

    answers = [holds(None) for _ in range(10)]

    assert answers == [True] * 8 + [False] * 2
    assert "an evaluation took" in quarantine.stopped["slow"]


def test_two_very_slow_evaluations_in_a_row_stop_it_and_one_does_not() -> None:
    quarantine = Quarantine(Budget(longest_ms=5))
    seconds = iter([0.01, 0, 0.01, 0.01, 0])
    holds = quarantine.timed("slow", lambda _: _busy(next(seconds)))

    assert [holds(None) for _ in range(3)] == [True] * 3
    assert quarantine.stopped == {}
    assert [holds(None) for _ in range(2)] == [True, False]
    assert "5 ms" in quarantine.stopped["slow"]


def test_waiting_for_the_processor_is_not_the_rules_fault() -> None:
    quarantine = Quarantine(Budget(median_us=200, longest_ms=1, samples=3))
    holds = quarantine.timed("waits", _waits)

    assert all(holds(None) for _ in range(5))
    assert quarantine.stopped == {}


@pytest.mark.parametrize("before", [0, 2 * FIRST])
def test_a_failing_rule_is_false_and_is_stopped_after_some_failures(before: int) -> None:
    calls = 0

    def fails(_: object) -> bool:
        nonlocal calls
        calls += 1
        if calls > before:
            raise ValueError("a mistake")
        return True

    quarantine = Quarantine(Budget(failures=3))
    holds = quarantine.timed("wrong", fails)

    assert [holds(None) for _ in range(before + 10)] == [True] * before + [False] * 10
    assert calls == before + 3
    assert "ValueError" in quarantine.stopped["wrong"]


def test_a_slow_condition_on_the_event_is_stopped_and_the_others_go_on() -> None:
    """The budget is so small that any evaluation is too long; the quick rule is of another event."""
    rules = loaded(
        rule("slow", "event_name == 'sign_in' && user_id.contains('y') == false"),
        rule("other", "event_name == 'sign_up'"),
        correlation("many", "slow"),
        budget=Budget(median_us=0.000_1, samples=4),
    )

    found = [rules.match(_EVENT)[0] for _ in range(6)]

    assert found == [("slow",)] * 4 + [()] * 2
    assert set(rules.quarantined) == {"slow"}
    assert rules.match(SecurityEvent(event_id="e", event_name="sign_up", collector_tstamp=1))[0] == ("other",)


def test_what_the_quarantine_costs_no_rule_of_the_shipped_kind_is_stopped() -> None:
    rules = loaded(rule("quick", "event_name == 'sign_in' && user_id.contains('y') == false"))

    assert all(rules.match(_EVENT)[0] == ("quick",) for _ in range(200))
    assert rules.quarantined == {}


_MOST = "9223372036854775807"
_HUGE = f"count() * {_MOST} * {_MOST} * {_MOST} * {_MOST} * {_MOST}"


_COUNTED = {float(number) for number in range(2, 31)}


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("count() >= 2", _COUNTED),
        (f"{_HUGE} >= 2", set()),
        (f"{_HUGE} >= 2 || count() >= 2", _COUNTED),
        ("present('user_id') * 1.0e308 * 1.0e308 >= 2.0 && count() >= 2", {None}),
        ("present('user_id') * 1.0e308 * 1.0e308 - present('user_id') * 1.0e308 * 1.0e308 < 2.0", set()),
    ],
)
def test_no_number_of_a_control_message_hurts_the_log(condition: str, values: set[float | None]) -> None:
    files = (rule("failed", "event_name == 'sign_in'"), correlation("many", "failed"))
    text = correlation("many", "failed").replace("{gte: 2}", f'"{condition}"')
    rules = loaded(*files, changes={"many": change("many", text)})
    assert rules.refused == {}
    state, told = FacetState(), []
    for number in range(30):
        event = SecurityEvent(
            event_id=f"e{number}", event_name="sign_in", collector_tstamp=number + 1, user_ipaddress="203.0.113.7",
            user_id="u",
        )  # fmt: skip
        observed = observe(event, rules)
        assert observed is not None
        told += add(state, rules.facets_of(observed)[0], observed, rules)
    assert {hit.value for each in told for hit in each.part.hits} == values
    assert unpack(pack(state)) == state
    assert rules.quarantined == {}


def test_no_number_of_a_habit_rule_hurts() -> None:
    text = f"user.sign_ins * {_MOST} * {_MOST} > 5"
    doubles = "travel.speed_kmh * 1.0e308 > 5.0"
    rules = loaded(rule("whole", text), rule("double", doubles))
    habits = {"user.sign_ins": 7, "travel.speed_kmh": 1e9}
    for each in rules.subject_rules:
        assert isinstance(each, HabitRule)
        assert each.measure is not None
        assert each.measure(habits) is None
        assert each.holds(habits) is (each.rule.name == "double")
    assert rules.quarantined == {}


def test_a_measure_that_fails_is_none_and_counts_as_a_failure_of_the_rule() -> None:
    def fails(_: object) -> float:
        raise OverflowError

    quarantine = Quarantine(Budget(failures=3))
    holds, measure = quarantine.timed("wrong", lambda _: True), quarantine.measuring("wrong", fails)

    assert [(holds(None), measure(None)) for _ in range(4)] == [(True, None)] * 3 + [(False, None)]
    assert "OverflowError" in quarantine.stopped["wrong"]
