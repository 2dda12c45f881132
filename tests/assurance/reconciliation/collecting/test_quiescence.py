import pytest

from assurance.reconciliation.collecting.quiescence import QUIET_S, Quiescence, complete
from contracts.fixed_topics import enriched_name
from contracts.topics import ANALYTICS, FAILED, LATE

FRAUD = enriched_name("fraud")


@pytest.mark.parametrize(
    ("counts", "is_complete"),
    [
        ({ANALYTICS.name: 10}, True),
        ({ANALYTICS.name: 7, LATE.name: 2, FAILED.name: 1}, True),
        ({ANALYTICS.name: 11}, True),
        ({ANALYTICS.name: 9}, False),
        ({LATE.name: 9}, False),
        ({}, False),
    ],
)
def test_one_purpose_is_complete_when_outcomes_are_as_many_as_raw(counts: dict[str, int], is_complete: bool) -> None:
    assert complete(counts, 10, [ANALYTICS.name]) is is_complete


def test_every_purpose_must_be_complete() -> None:
    both = [ANALYTICS.name, FRAUD]
    assert not complete({ANALYTICS.name: 10, FRAUD: 9}, 10, both)
    assert complete({ANALYTICS.name: 9, FRAUD: 9, LATE.name: 1}, 10, both)


def test_complete_output_is_watched_a_moment_for_duplicates() -> None:
    quiescence = Quiescence(10, [ANALYTICS.name], idle_s=60, now=0)
    assert not quiescence.reached({ANALYTICS.name: 10}, 5)
    assert not quiescence.reached({ANALYTICS.name: 11}, 5 + QUIET_S)
    assert quiescence.reached({ANALYTICS.name: 11}, 5 + 2 * QUIET_S)


def test_incomplete_output_is_waited_for_while_records_come_in() -> None:
    quiescence = Quiescence(10, [ANALYTICS.name], idle_s=60, now=0)
    assert not quiescence.reached({ANALYTICS.name: 1}, 59)
    assert not quiescence.reached({ANALYTICS.name: 1}, 118)
    assert quiescence.reached({ANALYTICS.name: 1}, 119)


def test_a_run_without_any_output_is_given_up() -> None:
    quiescence = Quiescence(10, [ANALYTICS.name], idle_s=3, now=100)
    assert not quiescence.reached({}, 102)
    assert quiescence.reached({}, 103)
