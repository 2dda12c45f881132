"""Shares of cache hits between two counts."""

from assurance.bench.cache_hits import Count, HitShare, first_reaching, shares
from assurance.bench.latency_pair import hit_ratio
from assurance.reconciliation.reporting.summary import Lookups


def test_a_share_is_that_of_the_keys_since_the_count_before() -> None:
    counts = [Count(0, 0, 0), Count(1, 100, 20), Count(2, 100, 20), Count(3, 300, 200)]
    assert list(shares(counts)) == [HitShare(1, 0.2), HitShare(3, 0.9)]


def test_a_task_that_starts_again_counts_from_zero() -> None:
    assert list(shares([Count(0, 1_000, 900), Count(1, 50, 10)])) == [HitShare(1, 0.2)]


def test_the_time_until_a_share_is_reached() -> None:
    found = [HitShare(1, 0.2), HitShare(2, 0.9), HitShare(3, 0.8)]
    assert first_reaching(found, 0.9) == 2
    assert first_reaching(found, 0.95) is None


def test_the_hit_ratio_after_the_warm_up_leaves_out_the_warm_up() -> None:
    before = Lookups(keys=1_000, requests=10, cache_hit_ratio=0.2)
    after = Lookups(keys=3_000, requests=20, cache_hit_ratio=0.7)
    assert hit_ratio(before, after) == 0.95
    assert hit_ratio(after, after) is None
