"""The interface of a source. A new source is a new module with a class that implements it."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from contracts.lookup_api.lookups import Kind, LookupResult

State = Literal["ok", "not_configured", "unreachable", "timeout", "refused_update"]
"""refused_update: the new data file cannot be used, so the source still serves the previous data."""


class SourceState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    state: State
    data_version: str | None = None


class Source(Protocol):
    @property
    def kind(self) -> Kind:
        """The kind of keys that it looks up."""

    @property
    def name(self) -> str:
        """Name of the dependency in results, ``/readyz`` and metrics; several sources may share one."""

    @property
    def data_version(self) -> str | None:
        """Build of the data in use; cached results of another build are not served. None: the data has no builds."""

    async def lookup(self, keys: Sequence[str]) -> Sequence[LookupResult]:
        """One result per key, in order. A failure is a result with status error or timeout, not an exception."""

    async def check(self) -> SourceState:
        """Probe the dependency."""

    async def close(self) -> None:
        """Release files and connections. The source is not used afterwards."""
