"""Writes the states of entities to Redis from a thread of its own, the newest of each key. One for a process.

Nothing is dropped: where too much waits, because Redis is slow or away, ``put`` waits. A value is absolute and an older
one never replaces a newer one, so a restart writes the same again. What waits when the process is killed is in the
topic of features, and :mod:`applications.features.store.restore` puts it from there.
"""

from collections.abc import Callable, Mapping


class FeatureStore:
    """Every method is for any thread."""

    def __init__(
        self,
        url: str,
        *,
        ttl_s: Mapping[str, int],
        waiting: int = 50_000,
        waiting_bytes: int = 67_108_864,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Returns at once, whether Redis answers or not.

        :param ttl_s: entity → how long Redis keeps a value after its last write.
        :param waiting: keys, and ``waiting_bytes`` of their values, that may wait to be written.
        :param is_cancelled: asked now and then in the thread whose ``put`` waits: whether its task was cancelled.
        """
        raise NotImplementedError

    def put(self, key: str, newest_ms: int, packed: bytes, written_ms: int | None = None) -> bool:
        """Waits while the store is full.

        :param key: ``features:browser:b1``, see ``redis_key``.
        :param newest_ms: time of the newest event in it.
        :param packed: the packed state, without a header.
        :param written_ms: of the topic's record (``written_tstamp``); by default now.
        :returns: False if it was not taken, because the store was closed or the task was cancelled.
        """
        raise NotImplementedError

    def erase(self, key: str) -> bool:
        """Deletes it, behind all that was put for the key before, and before all that is put later. As ``put``."""
        raise NotImplementedError

    def close(self) -> None:
        """Writes what waits, if Redis takes it within seconds. Whoever waits in ``put`` returns."""
        raise NotImplementedError

    @property
    def waiting(self) -> int:
        """Keys."""
        raise NotImplementedError

    @property
    def behind_ms(self) -> int:
        """How long the oldest of them has waited."""
        raise NotImplementedError

    @property
    def written(self) -> int:
        """Values since the start, without those that are refused."""
        raise NotImplementedError

    @property
    def refused(self) -> int:
        """Values since the start that Redis had a newer one of."""
        raise NotImplementedError

    @property
    def freshness_ms(self) -> tuple[float, float]:
        """p50 and p99 from ``put`` to written, of the last 4,096 writes. Zeros without any."""
        raise NotImplementedError
