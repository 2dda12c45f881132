"""The outcome writer: what is counted and what leaves, for every outcome that there is."""

from typing import Any, get_args

import pytest

from common.flink.metrics import EMISSION_NAME
from common.flink.output_record import OutputRecord
from contracts import topics
from enrichment_job.metric_names import CounterName
from enrichment_job.output.outcome_writer import OutcomeWriter
from enrichment_job.output.outcomes import Enriched, Failed, Late, NoRecipients, Outcome, Pending, Suppressed
from tests.enrichment_job.operators.fake_flink import MetricGroup, by_output

NAMES: tuple[CounterName, ...] = (
    "events_enriched",
    "events_partial",
    "events_repaired",
    "events_parked",
    "events_failed",
    "events_late",
    "events_suppressed",
)
FIRST: OutputRecord = (topics.ANALYTICS.name, b"key", b"{}", 1_000)
SECOND: OutputRecord = (topics.ANALYTICS.name, None, b"{}", 1_000)
FAILED: OutputRecord = (topics.FAILED.name, None, b"{}", 1_000)
LATE: OutputRecord = (topics.LATE.name, None, b"{}", 1_000)
TOMBSTONE: OutputRecord = (topics.SUPPRESSED.name, None, b"{}", 1_000)
CASES: list[tuple[Outcome, dict[str, int], list[tuple[str, tuple[Any, ...]]]]] = [
    (Enriched([FIRST, SECOND], None, False, False), {"events_enriched": 1}, [("main", FIRST), ("main", SECOND)]),
    (
        Enriched([FIRST], TOMBSTONE, True, True),
        {"events_enriched": 1, "events_partial": 1, "events_repaired": 1, "events_suppressed": 1},
        [("main", FIRST), ("suppressed", TOMBSTONE)],
    ),
    (Pending(7, b"packed"), {"events_parked": 1}, [("parked", (7, b"packed"))]),
    (Failed(FAILED), {"events_failed": 1}, [("failed", FAILED)]),
    (Failed(FAILED, is_partial=True), {"events_failed": 1, "events_partial": 1}, [("failed", FAILED)]),
    (Late(LATE), {"events_late": 1}, [("late", LATE)]),
    (Suppressed(TOMBSTONE), {"events_suppressed": 1}, [("suppressed", TOMBSTONE)]),
    (NoRecipients(), {}, []),
]


@pytest.mark.parametrize(("outcome", "counts", "rows"), CASES, ids=lambda each: type(each).__name__)
def test_every_outcome_is_counted_and_leaves_once(
    outcome: Outcome, counts: dict[str, int], rows: list[tuple[str, tuple[Any, ...]]]
) -> None:
    group = MetricGroup()
    writer = OutcomeWriter(group, *NAMES)
    writer.write(outcome, b"", 1_000, 0, 1_042)
    assert [(name, tuple(row)) for name, row in by_output(writer.take())] == rows
    assert writer.take() == []
    assert not group.counts, "counted in Python until it is flushed"
    writer.flush()
    writer.flush()
    assert {name: n for name, n in group.counts.items() if name in NAMES} == counts


def test_the_records_of_a_batch_leave_together_and_in_order() -> None:
    writer = OutcomeWriter(MetricGroup(), *NAMES)
    for outcome, _, _ in CASES:
        writer.write(outcome, b"", 1_000, 0, 1_042)
    outputs = writer.take()
    assert len(outputs) == 5, "one batch for each output, and the pending event"
    assert [(name, tuple(row)) for name, row in by_output(outputs)] == [
        row
        for output in ("main", "failed", "late", "suppressed", "parked")
        for _, _, rows in CASES
        for row in rows
        if row[0] == output
    ]


def test_the_cases_are_all_outcomes() -> None:
    assert {type(outcome) for outcome, _, _ in CASES} == set(get_args(Outcome))


def test_the_latency_is_that_of_enriched_events_alone() -> None:
    group = MetricGroup()
    writer = OutcomeWriter(group, *NAMES)
    for outcome, _, _ in CASES:
        writer.write(outcome, b"", 1_000, 0, 1_042)
    writer.flush()
    assert (
        group.counts[f"le=0.02 {EMISSION_NAME}"],
        group.counts[f"le=0.05 {EMISSION_NAME}"],
        group.counts[f"le=+Inf {EMISSION_NAME}"],
    ) == (0, 2, 2)
