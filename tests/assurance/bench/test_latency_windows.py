"""Percentiles by window, and the time until a latency is steady."""

import pytest

from assurance.bench.latency_windows import (
    Seen,
    Window,
    first_below_s,
    last_above_s,
    recovery_s,
    steady_from_s,
    steady_p99,
    windows,
)
from assurance.reconciliation.reporting.latency import Percentiles

SECOND = 1_000_000_000
BEGIN_MS = 1_790_000_000_000
BEGIN_NS = BEGIN_MS * 1_000_000


def seen(*records: tuple[float, int]) -> Seen:
    """Of (seconds of receipt since the begin, latency in ms)."""
    received_ms = [BEGIN_MS + round(at * 1000) for at, _ in records]
    sent_ms = [at - took for at, (_, took) in zip(received_ms, records, strict=True)]
    return Seen([at * 1_000_000 for at in received_ms], sent_ms)


def recorded(*p99s: float | None) -> list[Window]:
    """Windows of a second, all records of a window with the same latency; None: no record."""
    return [
        Window(float(number), number + 1.0, Percentiles(p50=p99, p99=p99, count=0 if p99 is None else 1))
        for number, p99 in enumerate(p99s)
    ]


def test_latency_is_that_of_the_records_sent_within_the_time() -> None:
    found = seen((0.5, 600), (1.2, 100), (1.4, 300), (2.5, 400))  # sent at -0.1, 1.1, 1.1 and 2.1 s
    latency = found.sent_between(BEGIN_NS, BEGIN_NS + 2 * SECOND)
    assert (latency.p50, latency.p99, latency.count) == (100, 300, 2)


def test_a_record_is_in_the_window_of_its_receipt() -> None:
    found = windows(seen((-0.5, 5), (0.1, 10), (0.9, 30), (1.0, 50), (3.2, 70)), BEGIN_NS, BEGIN_NS + 3 * SECOND, 1.0)
    assert [(each.begin_s, each.end_s, each.latency_ms.max, each.latency_ms.count) for each in found] == [
        (0.0, 1.0, 30, 2),
        (1.0, 2.0, 50, 1),
        (2.0, 3.0, None, 0),
    ]


def test_a_window_that_is_not_over_is_left_out() -> None:
    assert len(windows(seen((0.1, 10)), BEGIN_NS, BEGIN_NS + 5 * SECOND, 2.0)) == 2


def test_the_steady_latency_is_the_median_of_the_last_third() -> None:
    found = recorded(900, 800, 700, 600, 500, 400, 40, None, 60, 50, 900, 55)
    assert steady_from_s(found) == 8.0
    assert steady_p99(found) == 55
    assert steady_p99(recorded(10, 10, None)) is None
    assert steady_p99([]) is None


@pytest.mark.parametrize(
    ("p99s", "seconds"),
    [
        ((500, 300, 40, 40, 40), 2.0),
        ((40, 500, 40, 40, 40), 2.0),  # a short time below the limit is no recovery
        ((40, None, 40, 40, 40), 2.0),  # nothing became visible in the second window
        ((40, 40, 40, 500, 40), 0.0),  # a late outlier after it has held
        ((500, 100, 100, 100, 100), None),  # the limit itself is not below it
        ((500, 500, 500, 40, 40), None),  # not for long enough
        ((), None),
    ],
)
def test_recovered_when_the_p99_stays_below_the_limit(p99s: tuple[float | None, ...], seconds: float | None) -> None:
    assert recovery_s(recorded(*p99s), 100, hold_s=3) == seconds


def test_the_last_window_above_the_limit_is_found() -> None:
    assert last_above_s(recorded(500, 40, 40, None, 40), 100) == 4.0
    assert last_above_s(recorded(40, 40), 100) == 0.0


def test_drained_with_the_first_window_of_young_records() -> None:
    assert first_below_s(recorded(None, 9_000, 2_000, 900, 40), 1_000) == 3.0
    assert first_below_s(recorded(9_000, None), 1_000) is None
