"""The suppression set: users and browsers whose events may go nowhere but where no consent is needed.

It lies in Redis (set ``privacy:suppressed``, of user ids and browser ids) and is mirrored in memory by one thread, so
that asking costs the hot path nothing. Whoever changes the set gives ``privacy:suppressed:version`` a value that it
never had: a change is seen at the next look, 0.2 s by default; without that within half a minute. While Redis
cannot be reached, the last known set holds; a job that never saw it does not start.
"""

import secrets
import threading
import time
from typing import cast

import redis

KEY = "privacy:suppressed"
VERSION_KEY = "privacy:suppressed:version"
_WHOLE_EVERY_S = 30.0
_FIRST_S = 15.0
_TIMEOUT_S = 5.0


class Suppression:
    """``subjects`` is replaced whole, never changed: it may be read from any thread at any time."""

    def __init__(self, url: str, refresh_ms: int) -> None:
        """:raises RuntimeError: where the set cannot be had at the start."""
        self.subjects: frozenset[str] = frozenset()
        self.failures = 0
        self._redis = redis.Redis.from_url(url, socket_timeout=_TIMEOUT_S, decode_responses=True)
        self._refresh_s = refresh_ms / 1000
        self._version: str | None = None
        self._whole_at = 0.0
        self._stop = threading.Event()
        self._load_first()
        self._thread = threading.Thread(target=self._follow, name="suppression", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=_TIMEOUT_S + 1)
        self._redis.close()

    def _load_first(self) -> None:
        until = time.monotonic() + _FIRST_S
        while not self._load():
            if time.monotonic() > until:
                raise RuntimeError("the suppression set cannot be read: without it no event may leave")
            time.sleep(0.5)

    def _follow(self) -> None:
        while not self._stop.wait(self._refresh_s):
            self._load()

    def _load(self) -> bool:
        try:
            version = cast("str | None", self._redis.get(VERSION_KEY))
            now = time.monotonic()
            if version != self._version or now - self._whole_at >= _WHOLE_EVERY_S or not self._whole_at:
                # The version first: what is added between the two reads is in the set, or brings another version.
                self.subjects = frozenset(cast("set[str]", self._redis.smembers(KEY)))
                self._version, self._whole_at = version, now
        except redis.RedisError:
            self.failures += 1
            return False
        return True


def suppress(client: "redis.Redis", *subjects: str) -> None:
    """Add to the set, so that jobs see it at their next look."""
    with client.pipeline(transaction=True) as together:
        together.sadd(KEY, *subjects)
        # Not a counter: a server that lost its data would count to the same number again.
        together.set(VERSION_KEY, secrets.token_hex(8))
        together.execute()
