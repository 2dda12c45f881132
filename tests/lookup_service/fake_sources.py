"""Sources that a test can slow down, break and change."""

import asyncio
from collections.abc import Collection, Mapping, Sequence

import msgspec

from contracts.lookup_api.lookups import Kind, LookupResult, Status
from lookup_service.sources.protocol import SourceState


class Fake:
    """Answers with the key, or with ``fields``; keys that begin with ``no`` have no record."""

    def __init__(
        self, kind: Kind = "user", *, name: str | None = None, fields: Mapping[str, object] | None = None
    ) -> None:
        self.kind = kind
        self.name = name or f"fake-{kind}"
        self.data_version: str | None = None
        self.fields = fields
        self.failure: Status | None = None
        """Of every key, where it is set."""
        self.asked: list[list[str]] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        self.asked.append(list(keys))
        version = self.data_version
        await self.may_answer.wait()
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
        self.may_answer.set()


class Slow(Fake):
    """Does not answer until it may."""

    def __init__(self, kind: Kind = "user") -> None:
        super().__init__(kind)
        self.may_answer.clear()


class Broken(Fake):
    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        raise RuntimeError(f"failed for {keys}")


class Short(Fake):
    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        return []


class Picky(Fake):
    """Fails for any batch that has one of these keys."""

    def __init__(self, spoilt: Collection[str]) -> None:
        super().__init__()
        self.spoilt = spoilt

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        if set(self.spoilt) & set(keys):
            raise RuntimeError(f"failed for {keys}")
        return await super().lookup(keys)
