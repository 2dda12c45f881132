from hypothesis import given
from hypothesis import strategies as st

from core.flat_event import EnrichmentResult
from core.lookups.result_cache import ResultCache

OK = EnrichmentResult("ok", b'{"geo_country":"GB"}', (b',"geo_country":"GB","geo_status":"ok"',))
STALE = EnrichmentResult("stale", OK.value, (b',"geo_country":"GB","geo_status":"stale"',))
ERROR = EnrichmentResult("error", b"", (b',"geo_status":"error"',))
MISSING = EnrichmentResult("missing", b"", (b',"geo_status":"missing"',))


def test_an_entry_is_fresh_then_stale_then_gone() -> None:
    cache = ResultCache(10)
    cache.keep("a", OK, fresh_until=10, stale_until=20)
    assert cache.fresh("a", 9.9) is OK
    assert cache.fresh("a", 10) is None
    assert cache.stale("a", 19.9) is OK
    assert cache.stale("a", 20) is None


@given(fresh_s=st.integers(0, 100), stale_s=st.integers(0, 100), refused_at=st.integers(0, 300))
def test_an_answer_that_was_old_already_lives_no_longer_for_being_kept_again(
    fresh_s: int, stale_s: int, refused_at: int
) -> None:
    cache = ResultCache(10)
    cache.keep("a", OK, fresh_s, fresh_s + stale_s)
    was_usable = cache.stale("a", refused_at) is OK
    cache.keep_instead("a", STALE if was_usable else ERROR, refused_at + 60, refused_at)
    if was_usable:
        assert cache.stale("a", fresh_s + stale_s - 1) is STALE
        assert cache.fresh("a", fresh_s + stale_s) is cache.stale("a", fresh_s + stale_s) is None
    else:
        assert cache.fresh("a", refused_at + 59) is ERROR
        assert cache.stale("a", refused_at + 60) is None, "an error is no old answer"


def test_a_negative_entry_is_an_entry() -> None:
    cache = ResultCache(10)
    cache.keep("a", MISSING, 10, 10)
    assert cache.fresh("a", 1) is MISSING


def test_a_full_cache_whose_entries_expire_keeps_them_all() -> None:
    cache = ResultCache(100)
    keys = [f"k{n}" for n in range(100)]
    for now in range(5):
        for key in keys:
            if cache.fresh(key, now) is None:
                cache.keep(key, OK, now + 1, now + 10)
        assert sum(cache.stale(key, now + 2) is OK for key in keys) == 100
