"""Connects to a Redis that must not lose data: a single server, or a cluster (MemoryDB is always one).

Values are bytes, because others write to the store: with decoding, one invalid value would make a whole reply fail.
"""

from collections.abc import Callable
from typing import Any, Protocol, cast

import redis
from redis.cluster import RedisCluster

TIMEOUT_S = 5.0
KEEPS_EVERYTHING = "noeviction"


class Client(Protocol):
    """The methods that the clients of a server and of a cluster have in common."""

    def eval(self, script: str, numkeys: int, *keys_and_args: str | bytes | int) -> Any: ...  # noqa: ANN401

    def execute_command(self, *args: str | bytes | int) -> Any: ...  # noqa: ANN401

    def close(self) -> None: ...


Connect = Callable[[], Client]


class EvictingError(Exception):
    """The server may evict keys."""


def connect(url: str, timeout_s: float = TIMEOUT_S) -> Client:
    """:raises redis.RedisError: if the server cannot be reached.
    :raises EvictingError: if the server's ``maxmemory-policy`` evicts keys.
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
    """Raises EvictingError. A server that does not tell its policy is accepted."""
    policy = memory.get("maxmemory_policy", KEEPS_EVERYTHING)
    if policy != KEEPS_EVERYTHING:
        raise EvictingError(
            f"this Redis evicts keys (maxmemory-policy {policy}): opt-outs need their own, with {KEEPS_EVERYTHING}"
        )


def _information(client: "redis.Redis", section: str) -> dict[str, object]:
    """A section of INFO; empty if the server's access rules forbid the command."""
    try:
        return cast("dict[str, object]", client.info(section))
    except redis.ResponseError:
        return {}
