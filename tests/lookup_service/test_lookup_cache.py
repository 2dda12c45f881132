from lookup_service.ttl_cache import TtlCache


def test_a_value_lives_for_its_time() -> None:
    cache: TtlCache[str] = TtlCache(max_entries=2, ttl_s=10)
    cache.put("a", "1", now=100)
    assert cache.get("a", now=109.9) == ("1", 100)
    assert cache.get("a", now=110) is None
    assert len(cache) == 0


def test_the_least_recently_used_goes_first() -> None:
    cache: TtlCache[str] = TtlCache(max_entries=2, ttl_s=10)
    for key in "ab":
        cache.put(key, key, now=0)
    cache.get("a", now=1)
    cache.put("c", "c", now=1)
    assert [cache.get(key, now=1) is not None for key in "abc"] == [True, False, True]


def test_no_entries_at_all() -> None:
    cache: TtlCache[str] = TtlCache(max_entries=0, ttl_s=10)
    cache.put("a", "1", now=0)
    assert cache.get("a", now=0) is None
