"""The copy of the states in Redis, which the lookup service answers ``/v1/risk`` from. One thread for a process.

A value is absolute and an older one does not replace a newer one, so nothing has to be in order and a restart writes
the same again. No event waits for Redis: while it is slow or down the values wait here, bounded in keys and in bytes.
What was dropped, or lost with the process, comes back with the next event of its key.

Only what somebody wants erased is deleted at once, and its label waits for it. If Redis does not take the deletion, it
waits here as well. It is not dropped for want of room, but it ends with the process: the state in Redis is then what it
was until the account's next event, or until it expires.
"""

import logging
import threading
import time
from typing import Any

import redis

from applications.account_security.redis_writes import PositionedRules, connect, write
from core.risk.stored_state import StoredRules
from core.stored_value import StoredState, encode_state

_AT_ONCE = 500
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 5.0
_RULES_EVERY_S = 30.0
"""Rules change seldom, so they are written again now and then: Redis may have lost them."""
_TIMEOUT_S = 2.0
_CLOSE_S = 5.0
_log = logging.getLogger(__name__)


class RedisState:
    """``put``, ``put_rules`` and ``erase`` are for any thread; the rest is the writing thread's."""

    def __init__(self, url: str, *, waiting: int, waiting_bytes: int, ttl_s: int) -> None:
        """:param waiting: keys, and ``waiting_bytes`` of their values, that may wait."""
        self._url, self._ttl_s = url, ttl_s
        self._most, self._most_bytes = waiting, waiting_bytes
        self._lock, self._sending = threading.Lock(), threading.Lock()
        self._values: dict[str, bytes] = {}
        self._bytes = self._dropped = 0
        self._erased: dict[str, None] = {}
        self._rules: PositionedRules | None = None
        self._rules_due = 0.0
        self._wake, self._stop = threading.Event(), False
        self._behind_since = 0.0
        self._client: Any = None
        self._thread = threading.Thread(target=self._run, name="risk-states", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        return len(self._values) + len(self._erased)

    @property
    def erasures_waiting(self) -> int:
        return len(self._erased)

    @property
    def behind_ms(self) -> int:
        """How long Redis has taken nothing although something waits."""
        since = self._behind_since
        return round((time.monotonic() - since) * 1000) if since else 0

    def take_dropped(self) -> int:
        """Keys that were dropped since the last call, because too many or too large ones waited."""
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        return dropped

    def put(self, key: str, newest_ms: int, packed: bytes) -> None:
        encoded = encode_state(StoredState(newest_ms, time.time_ns() // 1_000_000, packed))
        with self._lock:
            self._forget(key)  # the value goes behind the others: a busy key must not push out quiet ones
            self._wait(key, encoded)
        self._wake.set()

    def erase(self, key: str) -> None:
        """Deletes it before it returns, within two seconds; else it waits until Redis is back."""
        until = time.monotonic() + _TIMEOUT_S
        # While Redis is known to be down, it would be two seconds for each of many labels.
        if not self._behind_since and self._sending.acquire(timeout=_TIMEOUT_S):
            try:
                with self._lock:
                    self._forget(key)
                client = connect(self._url, max(0.1, until - time.monotonic()))
                try:
                    client.delete(key)
                finally:
                    client.close()
            except (redis.RedisError, OSError) as error:
                _log.warning("an erased state is still in Redis: %s; trying again", type(error).__name__)
            else:
                return
            finally:
                self._sending.release()
        with self._lock:
            self._forget(key)
            self._erased[key] = None
        self._wake.set()

    def put_rules(self, rules: StoredRules, position: int) -> None:
        with self._lock:
            self._rules, self._rules_due = PositionedRules(position, rules), 0.0
        self._wake.set()

    def close(self) -> None:
        """Writes what waits, if Redis takes it in time."""
        self._stop = True
        self._wake.set()
        self._thread.join(_CLOSE_S)

    def _wait(self, key: str, encoded: bytes) -> None:
        self._values[key] = encoded
        self._bytes += len(encoded)
        while self._values and (len(self._values) > self._most or self._bytes > self._most_bytes):
            self._forget(next(iter(self._values)))
            self._dropped += 1

    def _forget(self, key: str) -> None:
        self._bytes -= len(self._values.pop(key, b""))

    def _run(self) -> None:
        wait_s = _FIRST_WAIT_S
        while not self._stop or self.waiting:
            self._wake.wait(1.0)
            self._wake.clear()
            try:
                while self._write_some():
                    wait_s, self._behind_since = _FIRST_WAIT_S, 0.0
            except (redis.RedisError, OSError) as error:
                self._behind_since = self._behind_since or time.monotonic()
                if wait_s == _FIRST_WAIT_S:
                    _log.warning("states are not written to Redis: %s; trying again", type(error).__name__)
                self._disconnect()
                if self._stop:
                    break
                time.sleep(wait_s)
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
                self._wake.set()
        self._disconnect()

    def _write_some(self) -> bool:
        """Returns whether there was something to write. What could not be written waits again, unless it is newer.

        Nothing is under way when the lock is released: whoever deletes a key then knows that no older write follows.
        """
        with self._sending:
            now = time.monotonic()
            with self._lock:
                keys = [key for key, _ in zip(self._values, range(_AT_ONCE), strict=False)]
                values = {key: self._values.pop(key) for key in keys}
                self._bytes -= sum(map(len, values.values()))
                erased, self._erased = self._erased, {}
                rules = self._rules if now >= self._rules_due else None
                if rules is not None:
                    self._rules_due = now + _RULES_EVERY_S
            if not (values or erased or rules):
                return False
            try:
                if self._client is None:
                    self._client = connect(self._url, _TIMEOUT_S)
                write(self._client, values, erased, rules, ttl_s=self._ttl_s)
            except BaseException:
                with self._lock:
                    self._put_back(values, erased)
                    if rules is not None:
                        self._rules_due = 0.0
                raise
        return True

    def _put_back(self, values: dict[str, bytes], erased: dict[str, None]) -> None:
        for key, encoded in values.items():
            if key not in self._erased and key not in self._values:
                self._wait(key, encoded)
        self._erased.update(erased)

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
