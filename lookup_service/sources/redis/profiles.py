"""Source for user and listing keys: Redis, with each profile as JSON under ``user:{id}`` or ``listing:{id}``."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import msgspec

from common.secret import RedisUrl
from contracts.lookup_api.lookups import VALUE_TYPES, LookupResult
from lookup_service.sources.protocol import SourceState
from lookup_service.sources.redis.mget import MgetClient, RedisUnreachableError
from lookup_service.sources.results import SourceResults

NAME = "redis_profiles"


class ProfilesUrl(RedisUrl):
    __slots__ = ()
    schemes: ClassVar[tuple[str, ...]] = (*RedisUrl.schemes, "unix")


class ProfileOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: Literal["user", "listing"]
    url: ProfilesUrl
    timeout_ms: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 200
    """Longest wait for one batch, connecting included."""


class RedisProfiles:
    """Profiles of one kind; they have no data version."""

    name = NAME
    data_version: str | None = None

    def __init__(self, kind: Literal["user", "listing"], client: MgetClient) -> None:
        self.kind = kind
        self._client = client
        # Decoding into the contract's type drops fields of the record that are not in the contract.
        self._decode = msgspec.json.Decoder(VALUE_TYPES[kind]).decode
        self._results = SourceResults(kind, NAME)

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        prefix = f"{self.kind}:"
        try:
            records = await self._client.get([prefix + key for key in keys])
        except TimeoutError:
            return [self._results.timeout] * len(keys)
        except RedisUnreachableError:
            return [self._results.error] * len(keys)
        return [self._results.missing if record is None else self._result(record) for record in records]

    async def check(self) -> SourceState:
        return await self._client.check()

    async def close(self) -> None:
        await self._client.close()

    def _result(self, record: bytes) -> LookupResult:
        try:
            return self._results.for_value(self._decode(record))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return self._results.record_error(type(error).__name__)


def open_profiles(options: ProfileOptions) -> RedisProfiles:
    """Connects on first use. Raises ValueError for a malformed URL."""
    return RedisProfiles(options.kind, MgetClient(options.url.reveal(), timeout_s=options.timeout_ms / 1000))
