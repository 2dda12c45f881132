"""Several sources of one kind give one result."""

import asyncio

import pytest

from lookup_service.resolving.caching.entry import Entry
from lookup_service.resolving.caching.merged import MergedSources
from tests.lookup_service.fake_sources import Fake
from tests.lookup_service.lookup_harness import value_of
from tests.lookup_service.resolving.cache_harness import Clock, cached

pytestmark = pytest.mark.anyio


class TestMerged:
    def both(self, clock: Clock, one: Fake, two: Fake, *, local: bool = False) -> MergedSources:
        return MergedSources([cached(one, clock, local=local), cached(two, clock, local=local)], clock=clock)

    async def get(self, merged: MergedSources, key: str = "a") -> Entry:
        return merged.get_cached(key, 1_000_000) or (await merged.fetch([key]))[key]

    @pytest.mark.parametrize("local", [True, False])
    async def test_fields_are_merged_and_the_first_source_wins(self, clock: Clock, local: bool) -> None:
        one = Fake("network", name="one", fields={"as_number": 1})
        two = Fake("network", name="two", fields={"as_number": 2, "ip_reputation": "spam"})
        two.data_version = "v2"
        merged = self.both(clock, one, two, local=local)
        for _ in range(2):
            result = (await self.get(merged)).result(clock())
            assert value_of(result) == {"as_number": 1, "ip_reputation": "spam"}
            assert (result.status, result.source, result.data_version) == ("ok", "one+two", "v2")
        assert (len(one.queries), len(two.queries)) == (1, 1)

    async def test_a_source_that_fails_leaves_the_result_of_the_other(self, clock: Clock) -> None:
        one, two = Fake("network", name="one"), Fake("network", name="two", fields={"as_number": 2})
        one.failure = "error"
        result = (await self.get(self.both(clock, one, two))).result(clock())
        assert (result.status, result.source, value_of(result)) == ("ok", "two", {"as_number": 2})

    async def test_without_any_record_the_worst_status_is_returned(self, clock: Clock) -> None:
        one, two = Fake("network", name="one"), Fake("network", name="two")
        merged = self.both(clock, one, two)
        assert (await self.get(merged, "no")).status == "missing"
        two.failure = "timeout"
        assert (await self.get(merged, "no2")).status == "timeout"

    async def test_only_the_source_that_is_too_slow_is_left_out(self, clock: Clock) -> None:
        one, two = Fake("network", name="one"), Fake("network", name="two", fields={"as_number": 2})
        one.released.clear()
        merged = self.both(clock, one, two)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await merged.fetch(["a"])
        result = merged.on_timeout(["a"])["a"].result(clock())
        assert (result.status, result.source, value_of(result)) == ("ok", "two", {"as_number": 2})
        one.released.set()
