from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assurance.reconciliation.reporting.latency import (
    DIGEST_BYTES,
    Percentiles,
    events_per_second,
    latencies,
    percentiles,
    send_times_by_id,
)
from contracts.fixed_topics import enriched_name
from contracts.topics import ANALYTICS
from tests.assurance.reconciliation.builders import enriched, failed, late, raw

A, A2, B = raw("event-a"), raw("event-a", 1), raw("event-b")
MS = 1_000_000


def test_without_measured_values_there_are_no_percentiles() -> None:
    assert percentiles([]) == Percentiles(p50=None, p95=None, p99=None, p99_9=None, max=None, count=0)


def test_a_thousand_values_have_known_percentiles() -> None:
    found = percentiles([n * MS for n in range(1000, 0, -1)])
    assert found == Percentiles(p50=500, p95=950, p99=990, p99_9=999, max=1000, count=1000)


def test_one_value_is_every_percentile() -> None:
    assert percentiles([1_234_567]) == Percentiles(p50=1.235, p95=1.235, p99=1.235, p99_9=1.235, max=1.235, count=1)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 10**6).map(lambda us: us * 1000), min_size=1, max_size=300))
def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed(values: list[int]) -> None:
    found = percentiles(values)
    shares = {"p50": Fraction(1, 2), "p95": Fraction(95, 100), "p99": Fraction(99, 100), "p99_9": Fraction(999, 1000)}
    for name, share in {**shares, "max": Fraction(1)}.items():
        smallest = min(v for v in values if sum(w <= v for w in values) >= share * len(values))
        assert getattr(found, name) == pytest.approx(smallest / MS)


def test_send_times_are_joined_by_the_digest_s_first_bytes() -> None:
    send_times = {A.sha256[:DIGEST_BYTES]: [30, 10], A2.sha256[:DIGEST_BYTES]: [20]}
    assert send_times_by_id([A, A, A2, B, raw(None)], send_times) == {"event-a": [10, 20, 30], "event-b": []}


def test_latency_is_send_to_receipt_per_enriched_topic() -> None:
    fraud = enriched_name("fraud")
    observed = [enriched(A, ns=15), enriched(A, fraud, ns=18), enriched(B, ns=26), late(A), failed(B)]
    sent = {"event-a": [10], "event-b": [20]}
    assert latencies(sent, observed) == {ANALYTICS.name: [5, 6], fraud: [8]}


def test_repeats_are_paired_in_order_and_unpaired_records_are_left_out() -> None:
    observed = [enriched(A, ns=100), enriched(A, ns=30), enriched(A, ns=900), enriched(B, ns=50)]
    assert latencies({"event-a": [10, 60]}, observed) == {ANALYTICS.name: [20, 40]}


def test_rate_is_outputs_over_the_time_between_first_and_last() -> None:
    assert events_per_second([enriched(A, ns=n * 250 * MS) for n in range(5)]) == 5.0
    assert events_per_second([enriched(A, ns=7)]) == 0.0
    assert events_per_second([]) == 0.0
