"""What the resolver needs of a source. A new source is a new module with this shape."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from contracts.lookup_api.lookups import Kind, LookupResult

State = Literal["ok", "not_configured", "unreachable", "timeout", "refused_update"]
"""refused_update: answers from the data it had, because the file that is there now cannot be used."""


class SourceState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    state: State
    data_version: str | None = None


class Source(Protocol):
    @property
    def kind(self) -> Kind:
        """The kind of keys it answers."""

    @property
    def name(self) -> str:
        """The dependency behind it, as results, ``/readyz`` and metrics call it; sources may share one."""

    @property
    def data_version(self) -> str | None:
        """Build of the data set in use now; answers of another build are not served. None: the data has no builds."""

    async def lookup(self, keys: Sequence[str]) -> Sequence[LookupResult]:
        """One result per key, in order. A failure is a result with status error or timeout, not an exception."""

    async def check(self) -> SourceState:
        """Ask the dependency whether it works now."""

    async def close(self) -> None:
        """Release files and connections; not used afterwards."""
