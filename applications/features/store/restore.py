"""The thread that puts from the topic what Redis lacks: at the start, and when Redis was emptied, replaced or set back.

At the start Redis lacks what the former process had not written when it ended, by the mark; without a mark, everything.
The operators do not wait for it.
"""

import logging
import threading
import time
from typing import Any

import redis

from applications.features.store.feature_store import FeatureStore
from applications.features.store.mark import Marks, former_subtasks, read_marks, remove_marks, set_missing
from applications.features.store.topic import FeaturesTopic, Restored, Restoring, Stopped
from common.flink.fault_guard import place_of
from common.kafka.topic_reader import TopicUnavailable
from common.redis_states.client import connect

_TOGETHER_S = 0.3
"""The subtasks of a process begin one soon after the other."""
_AGAIN_S = 2.0
_TIMEOUT_S = 5.0
_CLOSE_S = 10.0
_log = logging.getLogger(__name__)


class LostMeanwhile(Exception):
    """Redis was away, or was emptied, while it was filled."""


class Restorer:
    def __init__(self, url: str, job: str, topic: FeaturesTopic, margin_ms: int) -> None:
        """:param margin_ms: so much before the mark the topic is read: clocks differ, and a record is made before its
        value is put.
        """
        self._url, self._job, self._topic, self._margin_ms = url, job, topic, margin_ms
        self._lock, self._wake, self._stop = threading.Lock(), threading.Event(), threading.Event()
        self._wanted: set[int] = set()
        self._parallelism = 0
        self.marks = Marks(job, self._ask)
        self.runs = 0
        """That came to their end."""
        self._thread: threading.Thread | None = None

    def start(self, store: FeatureStore) -> None:
        self._thread = threading.Thread(target=self._run, args=(store,), name="feature-restore", daemon=True)
        self._thread.start()

    def add(self, subtask: int, parallelism: int) -> None:
        """A subtask of the job begins in this process. Its mark is refreshed as soon as nothing is missing."""
        self._parallelism = parallelism
        self._ask(subtask)

    def close(self) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_S)

    @property
    def is_restoring(self) -> bool:
        return bool(self._wanted)

    def _ask(self, subtask: int) -> None:
        with self._lock:
            self._wanted.add(subtask)
        self._wake.set()

    def _run(self, store: FeatureStore) -> None:
        problem = ""
        while not self._stop.is_set():
            self._wake.wait()
            self._stop.wait(_TOGETHER_S)
            self._wake.clear()
            with self._lock:
                subtasks = frozenset(self._wanted)
            if not subtasks or self._stop.is_set():
                continue
            try:
                self._restore(store, subtasks)
            except Stopped:
                break
            except LostMeanwhile:
                _log.info("Redis was away or emptied while features were restored: once more")
                self._again()
            except (TopicUnavailable, redis.RedisError, OSError) as error:
                told = str(error) if isinstance(error, TopicUnavailable) else f"Redis: {type(error).__name__}"
                if told != problem:
                    _log.warning("what the store of features lacks is not known: %s; trying again", told)
                problem = told
                self._again()
            except Exception as error:  # a bug: the thread must live on
                _log.error("features are not restored: %s; trying again", place_of(error))
                self._again()
            else:
                problem = ""

    def _again(self) -> None:
        self._stop.wait(_AGAIN_S)
        self._wake.set()

    def _restore(self, store: FeatureStore, subtasks: frozenset[int]) -> None:
        client: Any = connect(self._url, _TIMEOUT_S)
        try:
            marks = read_marks(client, self._job, subtasks)
            # The first subtask does it for those that the job has no more.
            former = former_subtasks(client, self._job, self._parallelism) if 0 in subtasks else {}
            known = [mark or 0 for mark in (*marks.values(), *former.values())]
            from_ms = min(known) - self._margin_ms if all(known) else None
            set_missing(client, self._job, subtasks)
            began, doubts = time.monotonic(), self.marks.doubts
            done = Restoring(self._topic, store, self._stop.is_set).run(from_ms)
            if self.marks.doubts != doubts or _were_lost(marks, read_marks(client, self._job, subtasks)):
                raise LostMeanwhile
            remove_marks(client, self._job, former)
        finally:
            client.close()
        store.has_restored(began)
        with self._lock:
            self._wanted -= subtasks
        self.marks.begin(subtasks)
        self.runs += 1
        self._tell(from_ms, done, time.monotonic() - began)

    def _tell(self, from_ms: int | None, done: Restored, seconds: float) -> None:
        where = "the whole topic" if from_ms is None else f"the topic from {_utc(from_ms)} on"
        _log.info("features restored from %s in %.1f s: %s", where, seconds, done)


def _were_lost(before: dict[int, int | None], now: dict[int, int | None]) -> bool:
    """Whether a mark is gone or an older one. A process that is about to end may still write a newer one."""
    return any((there := now[subtask]) is None or there < (mark or 0) for subtask, mark in before.items())


def _utc(at_ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_ms / 1000))
