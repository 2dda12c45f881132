"""An enrichment's value as every purpose may see it. Pure.

The policy is applied here, once when a result comes in or is derived, not for every event that it is spliced into.
"""

from collections.abc import Mapping, Sequence
from sys import intern
from typing import Any

import msgspec

from contracts.enrichments import ENRICHMENTS, Enrichment, fields_used_by_others
from contracts.lookup_api.lookups import Status
from contracts.purposes.model import Purpose
from core.flat_event import EnrichmentResult
from core.truncation import TRUNCATIONS

_WITHOUT_VALUE: tuple[Status, ...] = ("missing", "invalid", "timeout", "error")


class FragmentBuilder:
    """Makes enrichment results with one fragment per purpose: JSON members with a leading comma, the status last, such
    as ``,"geo_country":"DE","geo_status":"ok"``. A fragment is empty where the purpose has nothing of the enrichment.
    """

    def __init__(self, purposes: Sequence[Purpose], table: Sequence[Enrichment] = ENRICHMENTS) -> None:
        self.table = tuple(table)
        self._actions = [purpose.actions() for purpose in purposes]
        self._takes = {each.name: [purpose.has_enrichment(each) for purpose in purposes] for each in table}
        self._outputs = {each.name: fields_used_by_others(each.name, self.table) for each in table}
        self._endings = {
            (each.name, status): f',"{each.status_field}":"{status}"'.encode()
            for each in table
            for status in (*_WITHOUT_VALUE, "ok", "stale")
        }
        self._plain: dict[tuple[str, Status], EnrichmentResult] = {
            (each.name, status): EnrichmentResult(
                status, b"", self._fragments(each.name, status, {}), (None,) * len(self._outputs[each.name])
            )
            for each in table
            for status in _WITHOUT_VALUE
        }

    def is_seen(self, name: str) -> bool:
        """Whether any purpose has something of the enrichment."""
        return any(self._takes[name])

    def without_value(self, name: str, status: Status) -> EnrichmentResult:
        """``missing``, ``invalid``, ``timeout`` or ``error``."""
        return self._plain[name, status]

    def of_value(self, name: str, status: Status, value: msgspec.Struct) -> EnrichmentResult:
        """``ok`` or ``stale``. :param value: the struct with the enrichment's fields."""
        members = msgspec.to_builtins(value)
        fields = self._outputs[name]
        outputs = tuple([_shared(members.get(field)) for field in fields]) if fields else ()
        return EnrichmentResult(status, msgspec.json.encode(value), self._fragments(name, status, members), outputs)

    def _fragments(self, name: str, status: Status, members: Mapping[str, Any]) -> tuple[bytes, ...]:
        ending = self._endings[name, status]
        return tuple(
            _members(members, actions) + ending if takes else b""
            for takes, actions in zip(self._takes[name], self._actions, strict=True)
        )


def _shared(value: Any) -> Any:  # noqa: ANN401 - a field of any type
    """A text once for all results that have it: a cache of a million places has a few hundred time zones."""
    return intern(value) if type(value) is str else value


def _members(members: Mapping[str, Any], actions: Mapping[str, str]) -> bytes:
    seen = {}
    for name, value in members.items():
        action = actions.get(name)
        left = value if action == "keep" else TRUNCATIONS[name](value) if action == "truncate" else None
        if left is not None:
            seen[name] = left
    return b"," + msgspec.json.encode(seen)[1:-1] if seen else b""
