"""Keys per subject: each account has its own, and to erase the account is to destroy the key (crypto-shredding).

They lie in Redis under ``privacy:subject_key:<user id>``, made when an account is first seen; a destroyed one is
replaced by a mark, so that no new one is made. That Redis must keep its data: to lose the keys is to erase everybody.
For the job a key is a lookup like any other: asked for in batches, remembered for a while, waited for in state.
"""

import asyncio
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from types import TracebackType
from typing import cast

import msgspec
import redis
import redis.asyncio

from contracts.lookup_api.lookups import Kind, LookupKey, LookupResult, Status
from core.flat_event import EnrichmentResult
from core.lookups.protocols import Failed
from core.privacy.key_ring import KEY_BYTES
from enrichment_job.consent.subject_erasure import DESTROYED, name_of


class SubjectKeyStore:
    """Answers batches of user ids with keys; to be made and used inside a running event loop."""

    def __init__(self, url: str, timeout_ms: int) -> None:
        self._redis = redis.asyncio.Redis.from_url(url, socket_timeout=timeout_ms / 1000)

    async def __aenter__(self) -> "SubjectKeyStore":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._redis.aclose()

    async def lookup(self, keys: Sequence[LookupKey], budget_s: float) -> list[LookupResult] | Failed:
        """``ok`` with the key, ``missing`` where it is destroyed, ``error`` where something else lies there."""
        names = [name_of(key.key) for key in keys]
        try:
            async with asyncio.timeout(budget_s), self._redis.pipeline(transaction=False) as together:
                for name in names:
                    together.set(name, b64encode(secrets.token_bytes(KEY_BYTES)), nx=True)
                together.mget(names)
                found = cast("list[bytes | None]", (await together.execute())[-1])
        except (redis.TimeoutError, TimeoutError):
            return "timeout"
        except (redis.RedisError, OSError):
            return "error"
        return [_result(stored) for stored in found]


def _result(stored: bytes | None) -> LookupResult:
    """None is what Redis says of a value that is no string."""
    if stored == DESTROYED:
        return LookupResult(status="missing")
    key = None if stored is None else _key(stored)
    if key is None:
        return LookupResult(status="error")
    return LookupResult(status="ok", value=msgspec.Raw(msgspec.json.encode(b64encode(key).decode())))


def _key(text: bytes | str) -> bytes | None:
    """None where it is no key: one that is shorter or guessed would make pseudonyms that others can make."""
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


class SubjectKeyResults:
    """The key itself as an answer's value. There is no stale one: a key may have been destroyed meanwhile."""

    def of_result(self, kind: Kind, result: LookupResult) -> EnrichmentResult:
        """``ok`` with a whole key and never without."""
        if result.status != "ok":
            return self.without_value(kind, result.status)
        value = result.value
        key = None if isinstance(value, msgspec.UnsetType) else _key(msgspec.json.decode(value, type=str))
        return self.without_value(kind, "error") if key is None else EnrichmentResult("ok", key, ())

    def without_value(self, _kind: Kind, status: Status) -> EnrichmentResult:
        return EnrichmentResult(status, b"", ())

    def as_stale(self, kind: Kind, _old: EnrichmentResult) -> EnrichmentResult:
        return self.without_value(kind, "error")
