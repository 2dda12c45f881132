"""Keys that make a query for many keys fail are isolated; all other keys get their results."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lookup_service.sources.isolation as isolation_module
from lookup_service.sources.isolation import MAX_QUERIES, Isolation

pytestmark = pytest.mark.anyio


class BadKeyError(Exception):
    pass


@given(size=st.integers(0, 1000), bad_numbers=st.sets(st.integers(0, 999), max_size=40))
async def test_up_to_forty_bad_keys_of_a_thousand_are_isolated(size: int, bad_numbers: set[int]) -> None:
    keys = [f"k{n}" for n in range(size)]
    bad = {f"k{n}" for n in bad_numbers if n < size}
    queries = []

    async def query(some: Sequence[str]) -> Mapping[str, str]:
        queries.append(some)
        if bad & set(some):
            raise BadKeyError
        return {key: key.upper() for key in some if key != "k7"}  # k7 has no record

    found, isolated, skipped = await Isolation(10).run(keys, query, (BadKeyError,))
    assert (set(isolated), skipped) == (bad, [])
    assert found == {key: key.upper() for key in keys if key not in bad and key != "k7"}
    assert len(queries) <= MAX_QUERIES
    assert len(queries) == (1 if keys else 0) or bad


async def test_if_every_query_fails_the_number_of_queries_is_limited_and_no_key_is_remembered_as_bad() -> None:
    queries: list[Sequence[str]] = []

    async def query(some: Sequence[str]) -> Mapping[str, str]:
        queries.append(some)
        raise BadKeyError

    keys = [f"k{n}" for n in range(1000)]
    isolation = Isolation(10)
    found, bad, skipped = await isolation.run(keys, query, (BadKeyError,))
    assert found == {}
    assert sorted(bad + skipped) == sorted(keys)
    assert set(bad) == {some[0] for some in queries if len(some) == 1}
    assert len(queries) == MAX_QUERIES
    queries.clear()
    await isolation.run(keys, query, (BadKeyError,))
    assert sorted(queries[0]) == sorted(keys)  # every key failed, so the source is the likely cause


async def test_a_bad_key_is_left_out_of_the_next_batches_for_a_while() -> None:
    now = 0.0
    bad = {"k3", "k700"}
    queries: list[Sequence[str]] = []

    async def query(some: Sequence[str]) -> Mapping[str, str]:
        queries.append(some)
        if bad & set(some):
            raise BadKeyError
        return dict.fromkeys(some, "")

    keys = [f"k{n}" for n in range(1000)]
    isolation = Isolation(10, clock=lambda: now)
    await isolation.run(keys, query, (BadKeyError,))
    queries.clear()
    now = 9.0
    found, isolated, _ = await isolation.run(keys, query, (BadKeyError,))
    assert (len(queries), len(found), set(isolated)) == (1, 998, bad)
    bad.clear()
    assert (await isolation.run(["k3"], query, (BadKeyError,))).found == {"k3": ""}  # a single key is always queried
    now = 11.0
    assert len((await isolation.run(keys, query, (BadKeyError,))).found) == 1000


async def test_slow_queries_stop_at_the_time_limit_and_each_batch_isolates_some_bad_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(isolation_module, "MAX_QUERY_S", 0.2)
    keys = [f"k{n}" for n in range(256)]
    bad = {"k9", "k100", "k200", "k255"}

    async def query(some: Sequence[str]) -> Mapping[str, str]:
        await asyncio.sleep(0.005)
        if bad & set(some):
            raise BadKeyError
        return dict.fromkeys(some, "")

    isolation = Isolation(1_000)
    left: list[int] = []
    isolated: list[str] = []
    for _ in range(20):
        found, isolated, skipped = await isolation.run(keys, query, (BadKeyError,))
        assert set(isolated) <= bad
        assert len(found) + len(isolated) + len(skipped) == 256
        left.append(len(skipped))
    assert left[0] > 0
    assert (set(isolated), left[-1]) == (bad, 0)


async def test_the_event_loop_runs_other_tasks_between_queries_that_never_wait() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def query(_: Sequence[str]) -> Mapping[str, str]:
        raise BadKeyError

    task = asyncio.create_task(others())
    await Isolation(10).run([f"k{n}" for n in range(128)], query, (BadKeyError,))
    task.cancel()
    assert turns > 100


async def test_other_exceptions_are_raised() -> None:
    async def query(_: Sequence[str]) -> Mapping[str, str]:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await Isolation(10).run(["a", "b"], query, (BadKeyError,))
