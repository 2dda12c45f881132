"""A client of a Redis server or of a Redis Cluster, whichever is at the address."""

from typing import Any, cast

import redis
from redis.cluster import RedisCluster


def connect(url: str, timeout_s: float) -> Any:  # noqa: ANN401 - a client of a server or of a cluster
    """:raises redis.RedisError: if the server cannot be reached."""
    options = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s}
    client = redis.Redis.from_url(url, **options)
    try:
        is_cluster = cast("dict[str, object]", client.info("cluster")).get("cluster_enabled")
    except BaseException:
        client.close()
        raise
    if not is_cluster:
        return client
    client.close()
    return RedisCluster.from_url(url, **options)
