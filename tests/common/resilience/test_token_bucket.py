import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.resilience.token_bucket import TokenBucket


def test_a_bucket_grants_its_burst_at_once_and_then_its_rate() -> None:
    bucket = TokenBucket(per_second=10, burst=2)
    assert [bucket.take(100, most_wait_s=1) for _ in range(4)] == pytest.approx([0, 0, 0.1, 0.2])
    assert bucket.take(100, most_wait_s=0.25) is None
    assert bucket.take(100.2, most_wait_s=1) == pytest.approx(0.1)
    assert [bucket.take(200, most_wait_s=0) for _ in range(3)] == [0, 0, None]


@given(times=st.lists(st.floats(0, 100), min_size=1, max_size=60))
def test_no_time_window_has_more_than_the_burst_and_the_rate(times: list[float]) -> None:
    bucket = TokenBucket(per_second=2, burst=3)
    starts = []
    for now in sorted(times):
        wait = bucket.take(now, most_wait_s=5)
        if wait is not None:
            starts.append(now + wait)
    for first, start in enumerate(starts):
        for last in range(first, len(starts)):
            assert last - first + 1 <= 3 + 2 * (starts[last] - start) + 1e-6
