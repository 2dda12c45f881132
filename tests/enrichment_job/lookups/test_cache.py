from enrichment_job.lookups.cache import AnswerCache
from enrichment_job.outcome import Answer

OK = Answer("ok", b'{"geo_country":"GB"}', (b',"geo_country":"GB","geo_status":"ok"',))
MISSING = Answer("missing", b"", (b',"geo_status":"missing"',))


def test_an_entry_is_fresh_then_stale_then_gone() -> None:
    cache = AnswerCache(10)
    cache.keep("a", OK, fresh_until=10, stale_until=20)
    assert cache.fresh("a", 9.9) is OK
    assert cache.fresh("a", 10) is None
    assert cache.stale("a", 19.9) is OK
    assert cache.stale("a", 20) is None


def test_a_negative_entry_is_an_entry() -> None:
    cache = AnswerCache(10)
    cache.keep("a", MISSING, 10, 10)
    assert cache.fresh("a", 1) is MISSING


def test_a_full_cache_whose_entries_expire_keeps_them_all() -> None:
    cache = AnswerCache(100)
    keys = [f"k{n}" for n in range(100)]
    for now in range(5):
        for key in keys:
            if cache.fresh(key, now) is None:
                cache.keep(key, OK, now + 1, now + 10)
        assert sum(cache.stale(key, now + 2) is OK for key in keys) == 100
