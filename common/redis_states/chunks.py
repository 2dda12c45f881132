"""How many values one script may write: on a server many, on a cluster one."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from redis.cluster import RedisCluster

from common.redis_states.versioned import Versioned

_AT_ONCE: Final = 100
"""The server answers nobody else while a script runs, which is half a millisecond for so many."""


def chunks(client: Any, values: Sequence[Versioned]) -> Iterator[Sequence[Versioned]]:  # noqa: ANN401 - of either kind
    """As many as one :func:`common.redis_states.versioned.put` may have."""
    at_once = 1 if isinstance(client, RedisCluster) else _AT_ONCE
    return (values[first : first + at_once] for first in range(0, len(values), at_once))
