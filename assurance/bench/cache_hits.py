"""The share of a job's lookup keys that its cache has, second by second, from the job's own counters."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import httpx

from assurance.end_to_end.job_counters import job_counters

_EVERY_S = 1.0


@dataclass(frozen=True)
class Count:
    """``at_s``: seconds since the measurement began; keys and hits since the tasks' start."""

    at_s: float
    keys: int
    hits: int


@dataclass(frozen=True)
class HitShare:
    """``share``: of the keys that were looked for since the count before, in [0, 1]."""

    at_s: float
    share: float


class CacheHits:
    """Of one job; ``rest_url`` is the JobManager's."""

    def __init__(self, rest_url: str, job_id: str) -> None:
        self._rest_url = rest_url
        self._job_id = job_id

    def follow(self, seconds: float) -> list[HitShare]:
        """Asks once a second, for that time. The JobManager's picture of the counters is up to a second old."""
        return list(shares(list(self._counts(seconds))))

    def _counts(self, seconds: float) -> Iterator[Count]:
        began = time.monotonic()
        for second in range(int(seconds / _EVERY_S) + 1):
            time.sleep(max(0.0, began + second * _EVERY_S - time.monotonic()))
            with contextlib.suppress(httpx.HTTPError):  # while the task starts
                found = job_counters(self._rest_url, self._job_id, ("lookup_keys", "lookup_cache_hits"))
                yield Count(time.monotonic() - began, found["lookup_keys"], found["lookup_cache_hits"])


def shares(counts: Sequence[Count]) -> Iterator[HitShare]:
    """Between every two counts with keys between them. A task that starts again counts from 0."""
    for before, after in pairwise(counts):
        restarted = after.keys < before.keys
        keys = after.keys if restarted else after.keys - before.keys
        hits = after.hits if restarted else after.hits - before.hits
        if keys > 0:
            yield HitShare(after.at_s, hits / keys)


def first_reaching(found: Sequence[HitShare], share: float) -> float | None:
    """Seconds until the share was reached for the first time; None: it was not."""
    return next((each.at_s for each in found if each.share >= share), None)
