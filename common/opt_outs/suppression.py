"""The suppression set: users and browsers that have opted out. Their events go only to topics that need no consent.

One thread mirrors the set in memory, so that a check costs the hot path nothing. A change takes effect at the next
refresh, after 0.2 s by default. While the store is unreachable, or has lost entries, the last known set stays in force.
A job that has never read the set does not start.
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
_LOSS_REPORT_S = 600.0
"""How long a loss is reported after the store was restored: long enough for any alarm to see it."""


class Health(msgspec.Struct, frozen=True):
    """State of the mirror, for metrics."""

    age_ms: int
    """Time since the last successful refresh."""
    size: int
    """Subjects in the set."""
    skipped: int
    """Invalid members of the store."""
    store_lost: bool
    """Whether the store has lost entries, now or recently."""


class Suppression:
    """``subjects`` may be read from any thread at any time."""

    def __init__(self, url: str, refresh_ms: int) -> None:
        """Returns when the set is loaded.

        :raises RuntimeError: if it cannot be loaded within 15 s, or if its Redis evicts keys.
        """
        self._mirror = Mirror(self._note_loss)
        self.subjects = self._mirror.subjects
        self.failures = 0
        self._url = url
        self._refresh_s = refresh_ms / 1000
        self._client: Client | None = None
        self._refreshed_at = 0.0
        self._loss_reported_until = 0.0
        self._stop = threading.Event()
        self._thread_lock = threading.Lock()
        self._load()
        self._thread = self._start_thread()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=_TIMEOUT_S + 1)
        self._disconnect()

    def health(self) -> Health:
        """Call this regularly: it also restarts the thread if that has died."""
        if not self._thread.is_alive():
            self._restart_thread()
        now = time.monotonic()
        return Health(
            age_ms=round((now - self._refreshed_at) * 1000),
            size=len(self.subjects),
            skipped=self._mirror.skipped,
            store_lost=self._mirror.store_incomplete or now < self._loss_reported_until,
        )

    def _load(self) -> None:
        until = time.monotonic() + _FIRST_S
        while True:
            try:
                self._refresh()
            except EvictingError as error:
                raise RuntimeError(f"the suppression set could be lost: {error}") from None
            except (NotInitialisedError, IncompleteError) as error:
                # Retry: tasks that know the lost entries may write them back.
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

    def _start_thread(self) -> threading.Thread:
        thread = threading.Thread(target=self._follow, name="suppression", daemon=True)
        thread.start()
        return thread

    def _restart_thread(self) -> None:
        with self._thread_lock:
            if not self._thread.is_alive() and not self._stop.is_set():
                self.failures += 1
                self._thread = self._start_thread()

    def _follow(self) -> None:
        wait_s = self._refresh_s
        while not self._stop.wait(wait_s):
            try:
                self._refresh()
                wait_s = self._refresh_s
            except Exception:  # any: without this thread no further opt-out would take effect
                self.failures += 1
                self._disconnect()
                wait_s = max(self._refresh_s, min(2 * wait_s, _LONGEST_WAIT_S))

    def _refresh(self) -> None:
        now = time.monotonic()
        if self._client is None:
            self._client = connect(self._url, _TIMEOUT_S)
        self._mirror.refresh(OptOutStore(self._client), FormerSet(self._client))
        self._refreshed_at = now

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(redis.RedisError, OSError):
                client.close()

    def _note_loss(self) -> None:
        self._loss_reported_until = time.monotonic() + _LOSS_REPORT_S


def suppress(client: "redis.Redis", *subjects: str) -> int:
    """Opts the subjects out. Jobs see it at their next refresh. Returns how many had not opted out before."""
    return OptOutStore(cast("Client", client)).opt_out(subjects)


def withdraw(client: "redis.Redis", *subjects: str) -> None:
    """Opts the subjects in again, which is the only way to leave the set."""
    known = cast("Client", client)
    FormerSet(known).remove(subjects)
    OptOutStore(known).opt_in(subjects)
