"""The thread that writes what waits, in pipelined batches, and says in Redis how far it is."""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from applications.features.store.freshness import Freshness
from applications.features.store.mark import Marks
from applications.features.store.waiting import Entry, Waiting
from common.redis_states import versioned
from common.redis_states.chunks import chunks
from common.redis_states.client import connect

_AT_ONCE, _BYTES_AT_ONCE = 500, 4 * 1024 * 1024
_GATHER_S = 0.01
"""So long more values are waited for. A batch for each value would have this thread run all the time, and the operator,
which comes back from Java for each event, would wait for the interpreter's lock as often."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.05, 2.0
_TIMEOUT_S = 5.0
_CLOSE_S = 8.0
_MARK_EVERY_S = 1.0
_log = logging.getLogger(__name__)


class Writer:
    def __init__(self, url: str, lock: threading.Lock, waiting: Waiting, marks: Marks | None) -> None:
        """:param lock: of ``waiting``, which others fill."""
        self._url, self._waiting, self._marks = url, waiting, marks
        self._lock, self._work = lock, threading.Condition(lock)
        self.room = threading.Condition(lock)
        """Notified when there is room again."""
        self.written = self.refused = 0
        self.freshness = Freshness()
        self.is_closed = self._is_idle = False
        self._stop = threading.Event()
        self._is_marked, self._close_by = False, 0.0
        self._abandoned = float("inf")
        self._mark_due = 0.0
        self._client: Any = None
        self._thread = threading.Thread(target=self._run, name="feature-store", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """With the lock: something waits."""
        if self._is_idle:
            self._work.notify()

    def abandon(self) -> None:
        """With the lock: something was not taken, so no mark may say that all is written."""
        self._abandoned = min(self._abandoned, time.monotonic())

    def forget_abandoned(self, before: float) -> None:
        with self._lock:
            if self._abandoned < before:
                self._abandoned = float("inf")

    def close(self) -> None:
        with self._lock:
            self.is_closed, self._close_by = True, time.monotonic() + _CLOSE_S
            self._work.notify()
            self.room.notify_all()
        self._stop.set()
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        wait_s, is_failing = _FIRST_WAIT_S, False
        while not self._is_over():
            batch = self._next()
            problem, taken = "", 0
            try:
                taken = self._write(batch) if batch else 0
                self._mark()
            except Exception as error:  # of the client, or a bug: the thread must live on
                problem, taken = type(error).__name__, 0
                with self._lock:
                    self._waiting.end([])
            if taken == len(batch) and not problem:
                if is_failing:
                    self._recovered()
                wait_s, is_failing = _FIRST_WAIT_S, False
                continue
            if not is_failing:
                _log.warning("features are not written to Redis: %s; trying again", problem or "refused")
            is_failing = True
            if not taken:
                self._disconnect()
                if self._stop.wait(wait_s):
                    break
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        self._disconnect()

    def _recovered(self) -> None:
        _log.info("features are written to Redis again")
        if self._marks is not None:
            # It may be a replica now, which never had the last writes of the server before.
            self._marks.doubt()

    def _is_over(self) -> bool:
        """What is new comes after ``close`` no more. The last mark is written behind the last value."""
        return self.is_closed and (self._is_marked or time.monotonic() > self._close_by)

    def _next(self) -> list[tuple[bytes, Entry]]:
        """Empty if it is time for the mark, or the store was closed and nothing waits."""
        with self._lock:
            while not self._waiting and not self.is_closed:
                left_s = self._mark_due - time.monotonic()
                if left_s <= 0:
                    break
                self._is_idle = True
                self._work.wait(left_s)
                self._is_idle = False
            is_few = 0 < len(self._waiting) < _AT_ONCE and not self.is_closed
        if is_few:
            self._stop.wait(_GATHER_S)
        with self._lock:
            return self._waiting.begin(_AT_ONCE, _BYTES_AT_ONCE)

    def _write(self, batch: list[tuple[bytes, Entry]]) -> int:
        """How many keys Redis has taken. The others wait on.

        :raises redis.RedisError: if Redis did not answer; then all of them wait on.
        """
        client = self._connected()
        pipeline = client.pipeline(transaction=False)
        deletions = [(key, entry) for key, entry in batch if entry.deletion]
        for key, entry in deletions:
            if entry.deletion == "all":
                pipeline.delete(key)
            else:
                versioned.delete_older(pipeline, key, entry.deleted_ms)
        # Pipelined commands are carried out in their order, so each value comes behind its deletion.
        values = [versioned.Versioned(key, entry.encoded, entry.ttl_s) for key, entry in batch if entry.encoded]
        in_chunks = list(chunks(client, values))
        for chunk in in_chunks:
            versioned.put(pipeline, chunk)
        answers = pipeline.execute(raise_on_error=False)
        failed, refused = _outcome(deletions, in_chunks, answers)
        written = [(key, entry) for key, entry in batch if key not in failed]
        now = time.monotonic()
        self.freshness.add(now - entry.since for _, entry in written if entry.encoded and not entry.is_former)
        with self._lock:
            self._waiting.end(written)
            self.room.notify_all()
        self.written += len(written) - refused
        self.refused += refused
        return len(written)

    def _mark(self) -> None:
        now = time.monotonic()
        if now < self._mark_due and not self.is_closed:
            return
        self._mark_due = now + _MARK_EVERY_S
        if self._marks is None:
            self._is_marked = self.is_closed and not self._waiting
            return
        with self._lock:
            oldest = self._waiting.oldest
        until = min(now if oldest is None else oldest, self._abandoned)
        is_last = self.is_closed and oldest is None
        self._marks.refresh(self._connected(), time.time_ns() // 1_000_000 - round((now - until) * 1000))
        self._is_marked = is_last

    def _connected(self) -> Any:  # noqa: ANN401 - a client of a server or of a cluster
        if self._client is None:
            self._client = connect(self._url, _TIMEOUT_S)
        return self._client

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _outcome(
    deletions: Sequence[tuple[bytes, Entry]], in_chunks: Sequence[Sequence[versioned.Versioned]], answers: Sequence[Any]
) -> tuple[set[str | bytes], int]:
    """(keys of which Redis did not take everything, how many values were older than those that are there)."""
    failed: set[str | bytes] = set()
    refused = 0
    for (key, _), answer in zip(deletions, answers, strict=False):
        if isinstance(answer, Exception):
            failed.add(key)
    for chunk, answer in zip(in_chunks, answers[len(deletions) :], strict=True):
        if isinstance(answer, Exception):
            failed.update(each.key for each in chunk)
        else:
            refused += len(chunk) - sum(answer)
    return failed, refused
