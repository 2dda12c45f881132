"""The copy of the states in Redis, which the lookup service answers ``/v1/risk`` from. One thread for a process.

A value is absolute and its newest one wins, so nothing has to be in order and a restart writes the same again. No event
waits for Redis: while it is slow or down the values wait here, a bounded number of keys. What was dropped, or lost with
the process, comes back with the next event of its key.
"""

import logging
import threading
import time
from typing import Any, cast

import redis
from redis.cluster import RedisCluster

from core.risk.stored_state import RULES_KEY, StoredRules, StoredState, encode_rules, encode_state

_AT_ONCE = 500
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 5.0
_RULES_EVERY_S = 30.0
"""Rules change seldom, so they are written again now and then: Redis may have lost them."""
_TIMEOUT_S = 2.0
_CLOSE_S = 5.0
_log = logging.getLogger(__name__)


class RedisState:
    def __init__(self, url: str, *, waiting: int, ttl_s: int) -> None:
        self._url, self._most, self._ttl_s = url, waiting, ttl_s
        self._lock = threading.Lock()
        self._values: dict[str, tuple[int, bytes]] = {}
        self._erased: dict[str, None] = {}
        self._rules: StoredRules | None = None
        self._rules_due = 0.0
        self._wake, self._stop = threading.Event(), False
        self.dropped = 0
        """Keys that were dropped because too many waited."""
        self._behind_since = 0.0
        self._client: Any = None
        self._thread = threading.Thread(target=self._run, name="risk-states", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        return len(self._values) + len(self._erased)

    @property
    def behind_ms(self) -> int:
        """How long Redis has taken nothing although something waits."""
        since = self._behind_since
        return round((time.monotonic() - since) * 1000) if since else 0

    def put(self, key: str, newest_ms: int, packed: bytes) -> None:
        with self._lock:
            self._erased.pop(key, None)
            self._values[key] = newest_ms, packed
            while len(self._values) > self._most:
                del self._values[next(iter(self._values))]
                self.dropped += 1
        self._wake.set()

    def erase(self, key: str) -> None:
        """Never dropped: it is somebody's right."""
        with self._lock:
            self._values.pop(key, None)
            self._erased[key] = None
        self._wake.set()

    def put_rules(self, rules: StoredRules) -> None:
        with self._lock:
            self._rules, self._rules_due = rules, 0.0
        self._wake.set()

    def close(self) -> None:
        """Writes what waits, if Redis takes it in time."""
        self._stop = True
        self._wake.set()
        self._thread.join(_CLOSE_S)

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
        """Returns whether there was something to write. What could not be written waits again, unless it is newer."""
        now = time.monotonic()
        with self._lock:
            keys = [key for key, _ in zip(self._values, range(_AT_ONCE), strict=False)]
            values = {key: self._values.pop(key) for key in keys}
            erased, self._erased = self._erased, {}
            rules = self._rules if now >= self._rules_due else None
            if rules is not None:
                self._rules_due = now + _RULES_EVERY_S
        if not (values or erased or rules):
            return False
        try:
            self._send(values, erased, rules)
        except BaseException:
            with self._lock:
                for key, value in values.items():
                    if key not in self._erased:
                        self._values.setdefault(key, value)
                self._erased.update((key, None) for key in erased if key not in self._values)
                if rules is not None:
                    self._rules_due = 0.0
            raise
        return True

    def _send(self, values: dict[str, tuple[int, bytes]], erased: dict[str, None], rules: StoredRules | None) -> None:
        pipeline = self._connected().pipeline(transaction=False)
        written_ms = time.time_ns() // 1_000_000
        for key, (newest_ms, packed) in values.items():
            pipeline.set(key, encode_state(StoredState(newest_ms, written_ms, packed)), ex=self._ttl_s)
        for key in erased:
            pipeline.delete(key)
        if rules is not None:
            pipeline.set(RULES_KEY, encode_rules(rules))
        pipeline.execute()

    def _connected(self) -> Any:  # noqa: ANN401 - a client of a server or of a cluster
        if self._client is None:
            options = {"socket_timeout": _TIMEOUT_S, "socket_connect_timeout": _TIMEOUT_S}
            client = redis.Redis.from_url(self._url, **options)
            if cast("dict[str, object]", client.info("cluster")).get("cluster_enabled"):
                client.close()
                self._client = RedisCluster.from_url(self._url, **options)
            else:
                self._client = client
        return self._client

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
