import pytest

from assurance.reconciliation.quiescence import QUIET_S, Quiescence, complete
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


def test_complete_output_is_watched_a_moment_for_doubles() -> None:
    settling = Quiescence(10, [ANALYTICS.name], idle_s=60, now=0)
    assert not settling.settled({ANALYTICS.name: 10}, 5)
    assert not settling.settled({ANALYTICS.name: 11}, 5 + QUIET_S)
    assert settling.settled({ANALYTICS.name: 11}, 5 + 2 * QUIET_S)


def test_incomplete_output_is_waited_for_while_anything_comes() -> None:
    settling = Quiescence(10, [ANALYTICS.name], idle_s=60, now=0)
    assert not settling.settled({ANALYTICS.name: 1}, 59)
    assert not settling.settled({ANALYTICS.name: 1}, 118)
    assert settling.settled({ANALYTICS.name: 1}, 119)


def test_nothing_at_all_is_given_up_too() -> None:
    settling = Quiescence(10, [ANALYTICS.name], idle_s=3, now=100)
    assert not settling.settled({}, 102)
    assert settling.settled({}, 103)
