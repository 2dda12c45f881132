"""A client for a store that must keep what it holds: one server, or a cluster such as MemoryDB always is.

Values are bytes: what is in the store was written by others, and one bad value must not cost the reply it is in.
"""

from collections.abc import Callable
from typing import Any, Protocol, cast

import redis
from redis.cluster import RedisCluster

TIMEOUT_S = 5.0
KEEPS_EVERYTHING = "noeviction"


class Client(Protocol):
    """What is asked of a server and of a cluster alike."""

    def eval(self, script: str, numkeys: int, *keys_and_args: str | bytes | int) -> Any: ...  # noqa: ANN401

    def execute_command(self, *args: str | bytes | int) -> Any: ...  # noqa: ANN401

    def close(self) -> None: ...


Connect = Callable[[], Client]


class EvictingError(Exception):
    """The server may throw away what it holds."""


def connect(url: str, timeout_s: float = TIMEOUT_S) -> Client:
    """:raises redis.RedisError: where it cannot be reached.
    :raises EvictingError: where it says of itself that it evicts.
    """
    options = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s, "decode_responses": False}
    client = redis.Redis.from_url(url, **options)
    try:
        refuse_evicting(_information(client, "memory"))
        is_cluster = bool(_information(client, "cluster").get("cluster_enabled"))
    except BaseException:
        client.close()
        raise
    if not is_cluster:
        return cast("Client", client)
    client.close()
    return cast("Client", RedisCluster.from_url(url, **options))


def refuse_evicting(memory: dict[str, object]) -> None:
    """A server that does not tell its policy is believed."""
    policy = memory.get("maxmemory_policy", KEEPS_EVERYTHING)
    if policy != KEEPS_EVERYTHING:
        raise EvictingError(
            f"this Redis evicts (maxmemory-policy {policy}): what must be kept wants one of its own, {KEEPS_EVERYTHING}"
        )


def _information(client: "redis.Redis", section: str) -> dict[str, object]:
    """Nothing where the server's rules forbid to ask."""
    try:
        return cast("dict[str, object]", client.info(section))
    except redis.ResponseError:
        return {}
