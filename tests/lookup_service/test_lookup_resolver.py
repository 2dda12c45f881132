"""The resolver with sources that are slow, fail or answer short."""

import asyncio
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from contracts.lookup import Kind, LookupKey, LookupResult
from lookup_service.resolver import Resolver
from lookup_service.sources.protocol import SourceState
from tests.lookup_service.lookup_harness import statuses

pytestmark = pytest.mark.anyio

KEYS = [LookupKey("user", "a"), LookupKey("ip", "b"), LookupKey("listing", "c"), LookupKey("ip", "d")]


class Fake:
    """Answers with the key as data version."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.name = f"fake-{kind}"
        self.asked: list[list[str]] = []
        self.cancelled = False

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        self.asked.append(list(keys))
        return [LookupResult(status="missing", data_version=key) for key in keys]

    async def check(self) -> SourceState:
        return SourceState(state="ok")


class Slow(Fake):
    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return []


class Broken(Fake):
    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        raise RuntimeError(f"failed for {keys}")


class Short(Fake):
    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        return []


def resolver(user: Fake) -> tuple[Resolver, Fake]:
    ip = Fake("ip")
    return Resolver({"ip": ip, "user": user, "listing": Fake("listing")}), ip


async def test_each_key_gets_its_own_answer_and_is_asked_once() -> None:
    resolving, ip = resolver(Fake("user"))
    results = await resolving.resolve([*KEYS, KEYS[1]], budget_s=5)
    assert [result.data_version for result in results] == ["a", "b", "c", "d", "b"]
    assert ip.asked == [["b", "d"]]


async def test_a_slow_source_times_out_alone_and_is_stopped() -> None:
    slow = Slow("user")
    resolving, _ = resolver(slow)
    results = await resolving.resolve(KEYS, budget_s=0.05)
    assert statuses(results) == ["timeout", "missing", "missing", "missing"]
    assert results[0].source == "fake-user"
    await asyncio.sleep(0)
    assert slow.cancelled


@pytest.mark.parametrize("broken", [Broken("user"), Short("user")], ids=["raises", "too few results"])
async def test_a_broken_source_is_an_error_of_its_keys(broken: Fake) -> None:
    resolving, _ = resolver(broken)
    with capture_logs() as logs:
        results = await resolving.resolve(KEYS, budget_s=5)
    assert statuses(results) == ["error", "missing", "missing", "missing"]
    assert [entry["event"] for entry in logs] == ["source_failed"]


async def test_no_time_left_is_a_timeout_for_all() -> None:
    resolving, _ = resolver(Slow("user"))
    assert (await resolving.resolve(KEYS, budget_s=-1))[0].status == "timeout"


async def test_a_cancelled_request_stops_its_sources() -> None:
    slow = Slow("user")
    resolving, _ = resolver(slow)
    request = asyncio.create_task(resolving.resolve(KEYS, budget_s=60))
    await asyncio.sleep(0.01)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    await asyncio.sleep(0)
    assert slow.cancelled
