"""Sources that a test can delay, break and change."""

import asyncio
from collections.abc import Collection, Mapping, Sequence

import msgspec

from contracts.lookup_api.lookups import Kind, LookupResult, Status
from lookup_service.sources.protocol import SourceState


class Fake:
    """Returns the key as the value, or ``fields``; keys that begin with ``no`` have no record."""

    def __init__(
        self, kind: Kind = "user", *, name: str | None = None, fields: Mapping[str, object] | None = None
    ) -> None:
        self.kind = kind
        self.name = name or f"fake-{kind}"
        self.data_version: str | None = None
        self.fields = fields
        self.failure: Status | None = None
        """Status of every result if it is set."""
        self.queries: list[list[str]] = []
        self.released = asyncio.Event()
        self.released.set()

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        self.queries.append(list(keys))
        version = self.data_version
        await self.released.wait()
        return [self._result(key, version) for key in keys]

    def _result(self, key: str, version: str | None) -> LookupResult:
        if self.failure is not None:
            return LookupResult(status=self.failure, source=self.name, data_version=version)
        if key.startswith("no"):
            return LookupResult(status="missing", source=self.name, data_version=version, age_ms=0)
        value = msgspec.Raw(msgspec.json.encode({"key": key} if self.fields is None else self.fields))
        return LookupResult(status="ok", value=value, source=self.name, data_version=version, age_ms=0)

    async def check(self) -> SourceState:
        return SourceState(state="ok")

    async def close(self) -> None:
        self.released.set()


class Slow(Fake):
    """Returns no results until the test sets ``released``."""

    def __init__(self, kind: Kind = "user") -> None:
        super().__init__(kind)
        self.released.clear()


class Broken(Fake):
    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        raise RuntimeError(f"failed for {keys}")


class TooFewResults(Fake):
    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        return []


class FailingForKeys(Fake):
    """Raises for every batch that has one of ``bad_keys``."""

    def __init__(self, bad_keys: Collection[str]) -> None:
        super().__init__()
        self.bad_keys = bad_keys

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        if set(self.bad_keys) & set(keys):
            raise RuntimeError(f"failed for {keys}")
        return await super().lookup(keys)
