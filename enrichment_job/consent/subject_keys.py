"""Subject keys: each account has its own, and to erase the account is to destroy its key (crypto-shredding).

A key is made when an account is first seen. Redis has it under ``privacy:subject_key:<user id>``; a mark replaces a
destroyed one, so that no new key is made. That Redis must keep its data: losing the keys erases all accounts. The job
looks a key up as it looks up any enrichment: in batches, cached for a while, and the event waits for it in state.
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
    """A client of the lookup engine that looks keys up by user ids. To be made and used inside a running event loop."""

    def __init__(self, url: str, timeout_ms: int) -> None:
        self._redis = redis.asyncio.Redis.from_url(url, socket_timeout=timeout_ms / 1000)

    async def __aenter__(self) -> "SubjectKeyStore":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._redis.aclose()

    async def lookup(self, keys: Sequence[LookupKey], budget_s: float) -> list[LookupResult] | Failed:
        """For each user id ``ok`` with its key, ``missing`` where the key is destroyed, ``error`` where the store holds
        another value.
        """
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
    """:param stored: None where Redis holds a value of another type than a string."""
    if stored == DESTROYED:
        return LookupResult(status="missing")
    key = None if stored is None else _key(stored)
    if key is None:
        return LookupResult(status="error")
    return LookupResult(status="ok", value=msgspec.Raw(msgspec.json.encode(b64encode(key).decode())))


def _key(text: bytes | str) -> bytes | None:
    """None where the text is no whole key: others could make the same pseudonyms with a short or guessed one."""
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


class SubjectKeyResults:
    """Makes results with the key itself as value. There are no stale ones: a key may have been destroyed meanwhile."""

    def of_result(self, kind: Kind, result: LookupResult) -> EnrichmentResult:
        """``ok`` only with a whole key."""
        if result.status != "ok":
            return self.without_value(kind, result.status)
        value = result.value
        key = None if isinstance(value, msgspec.UnsetType) else _key(msgspec.json.decode(value, type=str))
        return self.without_value(kind, "error") if key is None else EnrichmentResult("ok", key, ())

    def without_value(self, _kind: Kind, status: Status) -> EnrichmentResult:
        return EnrichmentResult(status, b"", ())

    def as_stale(self, kind: Kind, _old: EnrichmentResult) -> EnrichmentResult:
        return self.without_value(kind, "error")
