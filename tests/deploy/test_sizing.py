"""The sizing table: arithmetic, and the documentation that quotes it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.paths import PROJECT
from deploy.sizing import BILLION_A_DAY, Load, PerCore, Units, size, table, volumes


def test_the_documentation_quotes_what_is_computed() -> None:
    text = (PROJECT / "docs" / "operations" / "sizing.md").read_text()
    assert table(BILLION_A_DAY) in text
    assert table(replace(BILLION_A_DAY, compression=0.35)) in text


def test_a_job_without_misses_needs_the_peak_over_a_core_and_its_headroom() -> None:
    load = Load(peak_events_s=10_000, daily_events=1e8, cache_hit_ratio=1.0)
    found = size(load, PerCore(job_events_s=5_000), Units(headroom=0.5))
    assert (found.parallelism, found.kpus) == (4, 5)
    assert volumes(load).lookup_keys_s == 0


def test_misses_cost_what_they_were_measured_to_cost() -> None:
    load = Load(peak_events_s=4_200, daily_events=1e8, cache_hit_ratio=0.0)
    assert size(load, PerCore(job_misses_s=2_100), Units(headroom=1.0)).parallelism == 2


def test_disks_beyond_the_largest_take_more_brokers() -> None:
    load = replace(BILLION_A_DAY, purposes=4)
    found = size(load)
    assert found.broker_disk_gb <= Units().broker_largest_disk_gb
    assert found.brokers > size(BILLION_A_DAY).brokers


@given(peak=st.floats(1, 1e7), hits=st.floats(0, 1), purposes=st.integers(1, 8), compression=st.floats(0.1, 1.0))
def test_every_size_can_be_set_up(peak: float, hits: float, purposes: int, compression: float) -> None:
    load = Load(
        peak_events_s=peak,
        daily_events=peak * 86_400 / 2,
        cache_hit_ratio=hits,
        purposes=purposes,
        compression=compression,
    )
    found = size(load)
    assert found.brokers % 3 == 0
    assert found.brokers >= 3
    assert found.lookup_tasks % 3 == 0
    assert found.partitions >= found.parallelism
    assert 1 <= found.parallelism <= Units().largest_parallelism
    assert found.cache_nodes == 3 * found.cache_shards
    assert 0 < found.broker_disk_gb <= Units().broker_largest_disk_gb


@pytest.mark.parametrize("factor", [2, 10])
def test_more_events_never_need_less(factor: int) -> None:
    small = size(BILLION_A_DAY)
    large = size(replace(BILLION_A_DAY, peak_events_s=28_000 * factor, daily_events=1e9 * factor))
    assert large.parallelism >= small.parallelism
    assert large.brokers >= small.brokers
    assert large.broker_disk_gb * large.brokers >= small.broker_disk_gb * small.brokers
