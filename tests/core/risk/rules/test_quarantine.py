"""A rule that is too slow, or fails, is not evaluated any more; the others go on."""

from time import sleep, thread_time

import pytest

from core.risk.rules.quarantine import FIRST, Budget, Quarantine
from core.risk.security_event import SecurityEvent
from tests.core.risk.rules.rule_texts import correlation, loaded, rule

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
