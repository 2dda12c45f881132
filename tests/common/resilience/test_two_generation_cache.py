from hypothesis import given
from hypothesis import strategies as st

from common.resilience.two_generation_cache import TwoGenerationCache

OPERATIONS = st.lists(st.tuples(st.sampled_from(["get", "put", "drop"]), st.integers(0, 60)), max_size=400)


@given(st.integers(0, 50), OPERATIONS)
def test_the_bound_holds_and_no_key_gets_another_keys_entry(bound: int, steps: list[tuple[str, int]]) -> None:
    cache: TwoGenerationCache[tuple[int, int]] = TwoGenerationCache(bound)
    newest: dict[int, tuple[int, int]] = {}
    for number, (step, key) in enumerate(steps):
        if step == "put":
            newest[key] = (key, number)
            cache.put(str(key), newest[key])
            assert bound == 0 or cache.get(str(key)) == newest[key]
        elif step == "drop":
            cache.drop(str(key))
            assert cache.get(str(key)) is None
        else:
            assert cache.get(str(key)) in (None, newest.get(key))
        assert len(cache) <= bound


def test_a_hot_key_stays_while_cold_keys_are_evicted() -> None:
    cache: TwoGenerationCache[int] = TwoGenerationCache(100)
    cache.put("hot", 1)
    for n in range(1_000):
        cache.put(f"cold{n}", n)
        assert cache.get("hot") == 1, n
    assert cache.get("cold0") is None


@given(st.integers(1, 40), st.data())
def test_replacing_a_cached_entry_evicts_nothing(bound: int, data: st.DataObject) -> None:
    cache: TwoGenerationCache[int] = TwoGenerationCache(bound)
    for n in range(3 * bound):
        cache.put(str(n), n)
    cached = [str(n) for n in range(3 * bound) if cache_has(cache, str(n))]
    assert cached
    for key in data.draw(st.lists(st.sampled_from(cached), max_size=100)):
        cache.put(key, -1)
    assert [key for key in cached if not cache_has(cache, key)] == []


def cache_has(cache: TwoGenerationCache[int], key: str) -> bool:
    """Checks without a read, which would move the entry."""
    return key in cache._young or key in cache._old


def test_a_bound_of_one_keeps_one_entry() -> None:
    cache: TwoGenerationCache[int] = TwoGenerationCache(1)
    cache.put("a", 1)
    cache.put("b", 2)
    assert (cache.get("a"), cache.get("b"), len(cache)) == (None, 2, 1)


def test_clear_and_drop() -> None:
    cache: TwoGenerationCache[int] = TwoGenerationCache(4)
    cache.put("a", 1)
    assert cache.drop("a")
    assert not cache.drop("a")
    cache.put("a", 1)
    cache.clear()
    assert (cache.get("a"), len(cache)) == (None, 0)
