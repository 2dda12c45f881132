"""Writes the states of entities to Redis from a thread of its own, the newest of each key. One for a process.

Nothing is dropped: where too much waits, because Redis is slow or away, ``put`` waits. A value is absolute and an older
one never replaces a newer one, so a restart writes the same again. What waits when the process is killed is in the
topic of features, and :mod:`applications.features.store.restore` puts it from there.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import cast

from applications.features.store.freshness import Percentiles
from applications.features.store.mark import Marks
from applications.features.store.waiting import Waiting
from applications.features.store.writer import Writer
from common.redis_states.versioned import HEAD
from core.features.model import EntityName

FORMER_WAITING = 200
"""Values of the topic are put only while fewer wait, so that a new value is not long behind them."""
_LOOK_S = 0.1
"""How often whoever waits for room looks whether its task was cancelled."""


class FeatureStore:
    """Every method is for any thread."""

    def __init__(
        self,
        url: str,
        *,
        ttl_s: Mapping[EntityName, int],
        waiting: int = 50_000,
        waiting_bytes: int = 67_108_864,
        is_cancelled: Callable[[], bool] = lambda: False,
        marks: Marks | None = None,
    ) -> None:
        """Returns at once, whether Redis answers or not.

        :param ttl_s: entity → how long Redis keeps a value after its last write.
        :param waiting: keys, and ``waiting_bytes`` of their values, that may wait to be written.
        :param is_cancelled: asked now and then in the thread whose ``put`` waits: whether its task was cancelled.
        :param marks: say in Redis how far the store has written.
        """
        self._ttl_s = cast("Mapping[str, int]", ttl_s)
        self._is_cancelled = is_cancelled
        self._waiting = Waiting(waiting, waiting_bytes)
        self._lock = threading.Lock()
        self._refused_here = self._newest_made_ms = 0
        self._writer = Writer(url, self._lock, self._waiting, marks)

    def put(self, key: str, newest_ms: int, packed: bytes, written_ms: int | None = None) -> bool:
        """Waits while the store is full.

        :param key: ``features:browser:b1``, see ``redis_key``.
        :param newest_ms: time of the newest event in it. Before 1970 it counts as 1970.
        :param packed: the packed state, without a header.
        :param written_ms: of the topic's record (``written_tstamp``); by default now.
        :returns: False if it was not taken, because the store was closed or the task was cancelled.
        """
        name, ttl_s = _bytes_of(key), self._ttl_s[key.split(":", 2)[1]]
        with self._lock:
            if not self._has_room(name, HEAD.size + len(packed)):
                return False
            made_ms = self._now_ms() if written_ms is None else written_ms
            encoded = HEAD.pack(max(newest_ms, 0), made_ms) + packed
            self._refused_here += not self._waiting.put(name, encoded, ttl_s, time.monotonic())
            self._writer.wake()
        return True

    def erase(self, key: str) -> bool:
        """Deletes it, behind all that was put for the key before, and before all that is put later. As ``put``."""
        name = _bytes_of(key)
        with self._lock:
            if not self._has_room(name, 0):
                return False
            self._waiting.delete(name, self._now_ms(), time.monotonic())
            self._writer.wake()
        return True

    def put_former(self, key: str, newest_ms: int, written_ms: int, packed: bytes, ttl_s: int) -> None:
        """A value of the topic, which may be older than what Redis has. Whoever calls it waits for :meth:`is_quiet`."""
        with self._lock:
            encoded = HEAD.pack(max(newest_ms, 0), written_ms) + packed
            self._waiting.put_former(_bytes_of(key), encoded, ttl_s, time.monotonic())
            self._writer.wake()

    def erase_former(self, key: str, erased_ms: int) -> None:
        """An erasing record of the topic: deletes what was made before it. As :meth:`put_former`."""
        with self._lock:
            self._waiting.delete_older(_bytes_of(key), erased_ms, time.monotonic())
            self._writer.wake()

    @property
    def is_quiet(self) -> bool:
        """Whether values of the topic may be put."""
        return len(self._waiting) < FORMER_WAITING

    def has_written(self, before: float) -> bool:
        """Whether all that was put before that ``time.monotonic()`` is written."""
        with self._lock:
            return (oldest := self._waiting.oldest) is None or oldest >= before

    def has_restored(self, since: float) -> None:
        """All that the topic had at that ``time.monotonic()`` is written: what was not taken before is there."""
        self._writer.forget_abandoned(since)

    def close(self) -> None:
        """Writes what waits, if Redis takes it within seconds. Whoever waits in ``put`` returns."""
        self._writer.close()

    @property
    def waiting(self) -> int:
        """Keys."""
        return len(self._waiting)

    @property
    def behind_ms(self) -> int:
        """How long the oldest of them has waited."""
        with self._lock:
            oldest = self._waiting.oldest
        return 0 if oldest is None else round((time.monotonic() - oldest) * 1000)

    @property
    def written(self) -> int:
        """Values and deletions since the start, without those that are refused."""
        return self._writer.written

    @property
    def refused(self) -> int:
        """Values since the start that were older than what waited or what Redis had."""
        return self._writer.refused + self._refused_here

    @property
    def freshness_ms(self) -> Percentiles:
        """From ``put`` to written, of the last 4,096 writes, without those of the topic. Zeros without any."""
        return self._writer.freshness.percentiles_ms()

    def _now_ms(self) -> int:
        """With the lock. Where the clock is set back it stands still, else a late event's value would be refused."""
        self._newest_made_ms = max(self._newest_made_ms, time.time_ns() // 1_000_000)
        return self._newest_made_ms

    def _has_room(self, key: bytes, size: int) -> bool:
        """Waits for it, with the lock."""
        while not self._writer.is_closed:
            if self._waiting.has_room(key, size):
                return True
            if self._is_cancelled():
                break
            self._writer.room.wait(_LOOK_S)
        self._writer.abandon()
        return False


def _bytes_of(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")
