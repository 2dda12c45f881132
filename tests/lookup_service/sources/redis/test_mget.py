"""Gets are combined into MGETs, against a real Redis."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from lookup_service.sources.redis.mget import MAX_KEYS, MgetClient
from tests.lookup_service.lookup_harness import RedisServer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def mget(redis_server: RedisServer) -> AsyncIterator[MgetClient]:
    client = MgetClient(redis_server.url, timeout_s=5)
    yield client
    await client.close()


async def test_gets_of_one_turn_are_one_mget(mget: MgetClient, redis_server: RedisServer) -> None:
    redis_server.put(**{f"k{n}": n for n in range(100)})
    answers = await asyncio.gather(*(mget.get([f"k{n}", "none", f"k{n}"]) for n in range(100)))
    assert answers == [[str(n).encode(), None, str(n).encode()] for n in range(100)]
    assert redis_server.mget_calls() == 1


async def test_very_many_keys_are_several_mgets(mget: MgetClient, redis_server: RedisServer) -> None:
    redis_server.put(last=1)
    gets = [mget.get(["none"] * 999 + ["last"]) for _ in range(MAX_KEYS // 1000 * 6)]
    assert all(answer[-1] == b"1" for answer in await asyncio.gather(*gets))
    assert redis_server.mget_calls() == 6


@pytest.mark.parametrize("after_s", [0, 0.1], ids=["before it is sent", "while it is in flight"])
async def test_a_cancelled_get_does_not_affect_the_others(
    mget: MgetClient, redis_server: RedisServer, after_s: float
) -> None:
    redis_server.put(a=1, b=2, c=3)
    with redis_server.frozen():
        gets = [asyncio.create_task(mget.get([key])) for key in "abc"]
        await asyncio.sleep(after_s)
        gets[1].cancel()
    answers = await asyncio.gather(*gets, return_exceptions=True)
    assert answers[0] == [b"1"]
    assert isinstance(answers[1], asyncio.CancelledError)
    assert answers[2] == [b"3"]
