"""The suppression set: users and browsers whose events may go nowhere but where no consent is needed.

It is mirrored in memory by one thread, so that asking costs the hot path nothing: a change is seen at the next look,
0.2 s by default. While the store cannot be reached, or has lost what it held, the last known set is in force; a job
that never saw it does not start.
"""

import contextlib
import threading
import time
from typing import cast

import msgspec
import redis

from common.opt_outs.former import FormerSet
from common.opt_outs.mirror import IncompleteError, Mirror
from common.opt_outs.redis_client import Client, EvictingError, connect
from common.opt_outs.store import NotInitialisedError, OptOutStore

_FIRST_S = 15.0
_TIMEOUT_S = 5.0
_LONGEST_WAIT_S = 2.0
_RINGS_S = 600.0
"""How long a loss is told after it was mended: long enough for any alarm to see it."""


class Health(msgspec.Struct, frozen=True):
    """How the mirror is."""

    age_ms: int
    """Since the last look that was answered."""
    size: int
    skipped: int
    store_lost: bool


class Suppression:
    """``subjects`` may be asked from any thread at any time."""

    def __init__(self, url: str, refresh_ms: int) -> None:
        """:raises RuntimeError: where the set cannot be had at the start."""
        self._mirror = Mirror(self._ring)
        self.subjects = self._mirror.subjects
        self.failures = 0
        self._url = url
        self._refresh_s = refresh_ms / 1000
        self._client: Client | None = None
        self._looked_at = 0.0
        self._rings_until = 0.0
        self._stop = threading.Event()
        self._starting = threading.Lock()
        self._load_first()
        self._thread = self._started()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=_TIMEOUT_S + 1)
        self._disconnect()

    def health(self) -> Health:
        """To be asked now and then: it also sees to it that the thread lives."""
        if not self._thread.is_alive():
            self._revive()
        now = time.monotonic()
        return Health(
            age_ms=round((now - self._looked_at) * 1000),
            size=len(self.subjects),
            skipped=self._mirror.skipped,
            store_lost=self._mirror.lacks or now < self._rings_until,
        )

    def _load_first(self) -> None:
        until = time.monotonic() + _FIRST_S
        while True:
            try:
                self._look()
            except EvictingError as error:
                raise RuntimeError(f"the suppression set is not safe where it is: {error}") from None
            except (NotInitialisedError, IncompleteError) as error:
                # Other tasks may know what it held, and give it back.
                reason = f"{error} (python -m enrichment_job.consent init, or restore)"
            except redis.RedisError as error:
                self.failures += 1
                self._disconnect()
                reason = type(error).__name__
            else:
                return
            if time.monotonic() > until:
                raise RuntimeError(
                    f"the suppression set cannot be read: {reason}; without it no event may leave"
                ) from None
            time.sleep(0.5)

    def _started(self) -> threading.Thread:
        thread = threading.Thread(target=self._follow, name="suppression", daemon=True)
        thread.start()
        return thread

    def _revive(self) -> None:
        with self._starting:
            if not self._thread.is_alive() and not self._stop.is_set():
                self.failures += 1
                self._thread = self._started()

    def _follow(self) -> None:
        wait_s = self._refresh_s
        while not self._stop.wait(wait_s):
            try:
                self._look()
                wait_s = self._refresh_s
            except Exception:  # whatever it is: without this thread no opt-out is seen any more
                self.failures += 1
                self._disconnect()
                wait_s = max(self._refresh_s, min(2 * wait_s, _LONGEST_WAIT_S))

    def _look(self) -> None:
        now = time.monotonic()
        if self._client is None:
            self._client = connect(self._url, _TIMEOUT_S)
        self._mirror.look(OptOutStore(self._client), FormerSet(self._client))
        self._looked_at = now

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(redis.RedisError, OSError):
                client.close()

    def _ring(self) -> None:
        self._rings_until = time.monotonic() + _RINGS_S


def suppress(client: "redis.Redis", *subjects: str) -> int:
    """Opt them out, so that jobs see it at their next look; how many had not been."""
    return OptOutStore(cast("Client", client)).opt_out(subjects)


def withdraw(client: "redis.Redis", *subjects: str) -> None:
    """Take their opt-outs back: the only way out of the set."""
    known = cast("Client", client)
    FormerSet(known).remove(subjects)
    OptOutStore(known).opt_in(subjects)
