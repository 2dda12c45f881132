"""How far a store has written, in Redis itself: where Redis is emptied, replaced or set back, the mark is, too.

``features:written:{job}:{subtask}`` is a time in ms since 1970 UTC: all that the subtask put before it is in Redis. It
is changed only if it is what this process wrote last. Where it is another one, Redis has lost something, and the mark
stays as it is until what is missing has been read from the topic.

In a cluster the mark is on one of the shards. If another one is emptied alone, nobody notices.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Any

_MOST_SUBTASKS = 128
"""Flink's limit of the parallelism, unless one is set."""
_REFRESH = """
local there = redis.call('GET', KEYS[1])
if there ~= ARGV[1] and there ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
return 1
"""


def mark_key(job: str, subtask: int) -> str:
    return f"features:written:{job}:{subtask}"


class Marks:
    """Of the subtasks of one process. The writing thread calls ``refresh``, others the rest."""

    def __init__(self, job: str, when_lost: Callable[[int], None]) -> None:
        """:param when_lost: called in the writing thread with a subtask of which Redis may have lost something."""
        self._job, self._when_lost = job, when_lost
        self._lock = threading.Lock()
        self._begun: dict[int, tuple[int, int] | None] = {}
        """Subtask → what was written last, and what may have been written; None: it is written anew."""
        self.doubts = 0
        """How often :meth:`doubt` was called."""

    def begin(self, subtasks: Iterable[int]) -> None:
        """From now on Redis has all that these have put."""
        with self._lock:
            self._begun.update(dict.fromkeys(subtasks))

    def end(self, subtask: int) -> None:
        """The mark stays as it is."""
        with self._lock:
            self._begun.pop(subtask, None)

    def doubt(self) -> None:
        """Redis may have lost something although its marks are right."""
        with self._lock:
            self.doubts += 1
            subtasks = list(self._begun)
            self._begun.clear()
        for subtask in subtasks:
            self._when_lost(subtask)

    def refresh(self, client: Any, until_ms: int) -> None:  # noqa: ANN401 - a client of a server or of a cluster
        """:raises redis.RedisError: if Redis did not take it."""
        with self._lock:
            begun = dict(self._begun)
        for subtask, last in begun.items():
            key = mark_key(self._job, subtask)
            if last is None:
                client.set(key, until_ms)
            else:
                self._note(subtask, (last[0], until_ms))
                if not client.eval(_REFRESH, 1, key, *last, until_ms):
                    self.end(subtask)
                    self._when_lost(subtask)
                    continue
            self._note(subtask, (until_ms, until_ms))

    def _note(self, subtask: int, known: tuple[int, int]) -> None:
        with self._lock:
            if subtask in self._begun:
                self._begun[subtask] = known


def read_marks(client: Any, job: str, subtasks: Iterable[int]) -> dict[int, int | None]:  # noqa: ANN401 - as above
    """Subtask → its mark; None: Redis has none.

    :raises redis.RedisError: if Redis does not answer.
    """
    numbers = list(subtasks)
    pipeline = client.pipeline(transaction=False)
    for number in numbers:
        pipeline.get(mark_key(job, number))
    return {
        number: int(value) if value and value.isdigit() else None
        for number, value in zip(numbers, pipeline.execute(), strict=True)
    }


def set_missing(client: Any, job: str, subtasks: Iterable[int]) -> None:  # noqa: ANN401 - as above
    """A mark of 0, before everything, where Redis has none: so that whoever looks again sees whether it was emptied."""
    for number in subtasks:
        client.set(mark_key(job, number), 0, nx=True)


def former_subtasks(client: Any, job: str, parallelism: int) -> dict[int, int]:  # noqa: ANN401 - as above
    """Marks of subtasks that the job had with a higher parallelism. Raises as above."""
    found = read_marks(client, job, range(parallelism, max(_MOST_SUBTASKS, parallelism)))
    return {number: mark for number, mark in found.items() if mark is not None}


def remove_marks(client: Any, job: str, subtasks: Iterable[int]) -> None:  # noqa: ANN401 - as above
    for number in subtasks:
        client.delete(mark_key(job, number))
