from hypothesis import given
from hypothesis import strategies as st

from enrichment_job.lookups.cache import GenerationCache
from enrichment_job.outcome import Answer

OK = Answer("ok", b'{"geo_country":"GB"}', (b',"geo_country":"GB","geo_status":"ok"',))
MISSING = Answer("missing", b"", (b',"geo_status":"missing"',))


def test_an_entry_is_fresh_then_stale_then_gone() -> None:
    cache = GenerationCache(10)
    cache.put("a", OK, fresh_until=10, stale_until=20)
    assert cache.get("a", 9.9) is OK
    assert cache.get("a", 10) is None
    assert cache.stale("a", 19.9) is OK
    assert cache.stale("a", 20) is None


def test_a_negative_entry_is_an_entry() -> None:
    cache = GenerationCache(10)
    cache.put("a", MISSING, 10, 10)
    assert cache.get("a", 1) is MISSING


@given(st.integers(1, 50), st.lists(st.integers(0, 200), max_size=500))
def test_never_more_entries_than_the_bound(bound: int, keys: list[int]) -> None:
    cache = GenerationCache(bound)
    for key in keys:
        if cache.get(str(key), 0) is None:
            cache.put(str(key), OK, 1, 1)
        assert len(cache) <= max(2, bound)


def test_what_is_read_stays_while_what_is_not_goes() -> None:
    cache = GenerationCache(100)
    cache.put("hot", OK, 1, 1)
    for n in range(1_000):
        cache.put(f"cold{n}", OK, 1, 1)
        assert cache.get("hot", 0) is OK, n
    assert cache.get("cold0", 0) is None


def test_the_newest_entry_of_a_key_wins() -> None:
    cache = GenerationCache(4)
    for n in range(20):
        cache.put("a", MISSING, 1, 1)
        cache.put(f"b{n}", OK, 1, 1)
        cache.put("a", OK, 1, 1)
        assert cache.get("a", 0) is OK
