"""Fragments: an enrichment's value as each purpose may see it, as JSON that is spliced into events. Pure.

The policy is applied once, when a result comes in, and not for every event that the result is spliced into.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from contracts.enrichments import ENRICHMENT_OF_KIND, ENRICHMENTS
from contracts.lookup_api.lookups import MAX_VALUE_BYTES, VALUE_TYPES, Kind, LookupResult, Status, Value
from contracts.purposes.model import Purpose
from core.flat_event import EnrichmentResult
from core.truncation import TRUNCATIONS

_DECODERS = {kind: msgspec.json.Decoder(value) for kind, value in VALUE_TYPES.items()}
_WITHOUT_VALUE: tuple[Status, ...] = ("missing", "invalid", "timeout", "error")


class FragmentBuilder:
    """Makes enrichment results with one fragment per purpose: JSON members with a leading comma, the status last, such
    as ``,"geo_country":"DE","geo_status":"ok"``. A fragment is empty where the purpose has nothing of the enrichment.
    """

    def __init__(self, purposes: Sequence[Purpose]) -> None:
        self._actions = [purpose.actions() for purpose in purposes]
        self._takes = {
            each.kind: [purpose.has_enrichment(each.fields) or each.name in purpose.required for purpose in purposes]
            for each in ENRICHMENTS
        }
        self._plain: dict[tuple[Kind, Status], EnrichmentResult] = {
            (each.kind, status): EnrichmentResult(status, b"", self._fragments(each.kind, status, {}))
            for each in ENRICHMENTS
            for status in _WITHOUT_VALUE
        }

    def is_used(self, kind: Kind) -> bool:
        """Whether any purpose has something of this kind. No lookup is started for a kind that none has."""
        return any(self._takes[kind])

    def without_value(self, kind: Kind, status: Status) -> EnrichmentResult:
        """:param status: ``missing``, ``invalid``, ``timeout`` or ``error``."""
        return self._plain[kind, status]

    def of_value(self, kind: Kind, status: Status, value: Value) -> EnrichmentResult:
        members = msgspec.to_builtins(value)
        return EnrichmentResult(status, msgspec.json.encode(value), self._fragments(kind, status, members))

    def of_result(self, kind: Kind, result: LookupResult) -> EnrichmentResult:
        """The service's result for one key, checked against the contract. One that breaks it is an ``error``."""
        if result.status not in ("ok", "stale"):
            return self._plain[kind, result.status]
        value = result.value
        if isinstance(value, msgspec.UnsetType) or len(bytes(value)) > MAX_VALUE_BYTES:
            return self._plain[kind, "error"]
        try:
            return self.of_value(kind, result.status, _DECODERS[kind].decode(value))
        except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):  # a bad encoding is a ValueError
            return self._plain[kind, "error"]

    def as_stale(self, kind: Kind, old: EnrichmentResult) -> EnrichmentResult:
        """An expired result with the status ``stale``: it serves while the service cannot be asked."""
        if not old.value:
            return old
        return self.of_value(kind, "stale", _DECODERS[kind].decode(old.value))

    def _fragments(self, kind: Kind, status: Status, members: Mapping[str, Any]) -> tuple[bytes, ...]:
        ending = f',"{ENRICHMENT_OF_KIND[kind].status_field}":"{status}"'.encode()
        return tuple(
            _members(members, actions) + ending if takes else b""
            for takes, actions in zip(self._takes[kind], self._actions, strict=True)
        )


def _members(members: Mapping[str, Any], actions: Mapping[str, str]) -> bytes:
    seen = {}
    for name, value in members.items():
        action = actions.get(name)
        left = value if action == "keep" else TRUNCATIONS[name](value) if action == "truncate" else None
        if left is not None:
            seen[name] = left
    return b"," + msgspec.json.encode(seen)[1:-1] if seen else b""
