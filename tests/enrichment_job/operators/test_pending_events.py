import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment_job.operators.pending_events import CANDIDATES, PER_SUBTASK, own_buckets, pack, unpack

HASHES = [(key * 2_654_435_761) % 2**31 for key in range(CANDIDATES)]


@given(st.integers(1, 100), st.sampled_from([128, 256]))
def test_every_subtask_has_buckets_and_no_two_share_one(parallelism: int, max_parallelism: int) -> None:
    own = [own_buckets(HASHES, subtask, parallelism, max_parallelism) for subtask in range(parallelism)]
    assert all(0 < len(buckets) <= PER_SUBTASK for buckets in own)
    assert sum(len(buckets) for buckets in own) == len({bucket for buckets in own for bucket in buckets})


def test_a_subtask_without_a_bucket_is_refused() -> None:
    with pytest.raises(ValueError, match="no bucket for subtask 1"):
        own_buckets([0], 1, 2, 128)


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**52), st.integers(0, 2**52), st.binary())
def test_a_pending_event_comes_back_as_it_was(bucket: int, collector: int, etl: int, raw: bytes) -> None:
    assert unpack(pack(bucket, collector, etl, raw)) == (bucket, collector, etl, raw)
