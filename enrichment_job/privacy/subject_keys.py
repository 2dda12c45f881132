"""Keys per subject: each account has its own, and to erase the account is to destroy the key (crypto-shredding).

They lie in Redis under ``privacy:subject_key:<user id>``, made when an account is first seen; a destroyed one is
replaced by a mark, so that no new one is made. That Redis must keep its data: to lose the keys is to erase everybody.
For the job a key is a lookup like any other: asked for in batches, remembered for a while, waited for in state.
"""

import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from types import TracebackType
from typing import cast

import msgspec
import redis
import redis.asyncio

from contracts.lookup import Kind, LookupKey, LookupResult, Status
from enrichment_job.lookups.client import Failed
from enrichment_job.outcome import Answer
from enrichment_job.privacy.key_ring import KEY_BYTES
from enrichment_job.privacy.subject_erasure import DESTROYED, name_of

NO_SUBJECT = Answer("ok", b"", ())
"""For an event without an account: pseudonyms are made under the epoch's key alone."""


class SubjectKeyStore:
    """Answers batches of user ids with keys; to be made and used inside a running event loop."""

    def __init__(self, url: str, timeout_ms: int) -> None:
        self._redis = redis.asyncio.Redis.from_url(url, socket_timeout=timeout_ms / 1000, decode_responses=True)

    async def __aenter__(self) -> "SubjectKeyStore":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._redis.aclose()

    async def lookup(self, keys: Sequence[LookupKey]) -> list[LookupResult] | Failed:
        """``ok`` with the key, ``missing`` where it is destroyed."""
        names = [name_of(key.key) for key in keys]
        try:
            async with self._redis.pipeline(transaction=False) as together:
                for name in names:
                    together.set(name, b64encode(secrets.token_bytes(KEY_BYTES)).decode(), nx=True)
                together.mget(names)
                found = cast("list[str]", (await together.execute())[-1])
        except redis.TimeoutError:
            return "timeout"
        except redis.RedisError:
            return "error"
        return [
            LookupResult(status="missing")
            if text == DESTROYED
            else LookupResult(status="ok", value=msgspec.Raw(msgspec.json.encode(text)))
            for text in found
        ]


class SubjectAnswers:
    """The key itself as an answer's value. There is no stale one: a key may have been destroyed meanwhile."""

    def of_result(self, kind: Kind, result: LookupResult) -> Answer:
        if isinstance(result.value, msgspec.UnsetType):
            return self.without_value(kind, result.status)
        return Answer("ok", b64decode(msgspec.json.decode(result.value, type=str)), ())

    def without_value(self, _kind: Kind, status: Status) -> Answer:
        return Answer(status, b"", ())

    def as_stale(self, kind: Kind, _old: Answer) -> Answer:
        return self.without_value(kind, "error")
