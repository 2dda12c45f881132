"""One slow answer of Redis must not leave everybody unjudged until the next probe."""

import pytest

from lookup_service.resolving.shared_redis import SharedRedis
from tests.lookup_service.lookup_harness import RedisServer

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("patience_s", "after"), [(0.0, None), (60.0, [b"1"])])
async def test_after_one_slow_answer(executable: str, patience_s: float, after: list[bytes] | None) -> None:
    with RedisServer(executable) as server:
        server.put(a=b"1")
        shared = SharedRedis(server.url, timeout_s=0.5, patience_s=patience_s)
        assert await shared.get(["a"]) == [b"1"]
        with server.frozen():
            assert await shared.get(["a"]) is None
        assert await shared.get(["a"]) == after
        await shared.close()


async def test_without_any_answer_it_is_skipped_at_once(executable: str) -> None:
    with RedisServer(executable) as server:
        shared = SharedRedis(server.url, timeout_s=0.5, patience_s=60.0)
        with server.frozen():
            assert await shared.get(["a"]) is None
        assert await shared.get(["a"]) is None
        await shared.close()
