"""Groups of an event's fields whose JSON is remembered, as one purpose may see them.

Values that are truncated or pseudonymised repeat: an address, a browser or a user has many events. What such fields
look like in a record is therefore made once for equal values, and found again by them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec

from common.memoize import BoundedMemory
from contracts.purposes.truncated_fields import TRUNCATED_BY
from core.privacy.pseudonyms import EpochPseudonyms, Pseudonymise
from core.truncation import TRUNCATIONS

_REMEMBERED = 16_384
"""Groups of equal values that are remembered for each purpose."""
_LONGEST = 512
"""Characters of the texts of a group that is remembered."""
_encode = msgspec.json.Encoder().encode

Key: TypeAlias = Any
"""A group's values: a tuple of them, or the value itself where the group has one field."""
_CHANGES_WITH: Mapping[str, str] = MappingProxyType(
    {
        "page_url": "page",
        "page_referrer": "referrer",
        "http_method": "request",
        **dict.fromkeys(("listing_id", "category", "currency"), "listing"),
        "order_id": "order",
    }
)
"""Neighbouring fields that change together are one group. What is not here changes with the visit."""


class RememberedGroup(BoundedMemory[Key, Any]):
    """``group[key]`` is what ``make`` makes of the key. Finding it again runs no Python code."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[Key], Any]) -> None:
        super().__init__(_REMEMBERED)
        self._make = make

    def __missing__(self, key: Key) -> Any:  # noqa: ANN401 - what ``make`` makes
        made = self._make(key)
        if _may_be_kept(key if isinstance(key, tuple) else (key,)):
            self.keep(key, made)
        return made


def _may_be_kept(values: Sequence[object]) -> bool:
    """Pseudonyms that are made with a subject's key must not outlive that key in a memory."""
    return (
        all(value is None or isinstance(value, str | EpochPseudonyms) for value in values)
        and sum(len(value) for value in values if isinstance(value, str)) <= _LONGEST
    )


def truncated_groups(names: Sequence[str]) -> Iterator[tuple[str, RememberedGroup]]:
    """For each group of truncated fields its key as Python text, such as ``event.app_id, event.app_version``, and its
    memory. ``names`` are in the order of the record.
    """
    for _, members in groupby(names, lambda name: _CHANGES_WITH.get(name, "visit")):
        yield _truncated(tuple(members))


def _truncated(names: tuple[str, ...]) -> tuple[str, RememberedGroup]:
    def truncated(values: tuple[Any, ...]) -> bytes:
        return members(
            (name, None if value is None else TRUNCATIONS[name](value))
            for name, value in zip(names, values, strict=True)
        )

    if len(names) > 1:
        return _values(names), RememberedGroup(truncated)
    [name] = names
    key = f"event.{name}"
    if TRUNCATED_BY[name] == "page":  # without its query an address repeats, and the rule drops the query anyway
        key = f'None if {key} is None else {key}.partition("?")[0].partition("#")[0]'
    return key, RememberedGroup(lambda value: truncated((value,)))


def pseudonymised_group(names: Sequence[str]) -> tuple[str, RememberedGroup]:
    def pseudonymised(key: tuple[Any, ...]) -> bytes:
        pseudonymise: Pseudonymise = key[0]
        return members(
            (name, None if value is None else pseudonymise(name, value))
            for name, value in zip(names, key[1:], strict=True)
        )

    return f"pseudonymise, {_values(names)}", RememberedGroup(pseudonymised)


def pseudonymised_key(name: str) -> RememberedGroup:
    """The Kafka key by (function of pseudonyms, the field's value)."""

    def key_of(key: tuple[Pseudonymise, str]) -> bytes | None:
        pseudonymise, value = key
        made = pseudonymise(name, value)
        return None if made is None else made.encode()

    return RememberedGroup(key_of)


def _values(names: Sequence[str]) -> str:
    return ", ".join(f"event.{name}" for name in names)


def members(values: Iterable[tuple[str, object]]) -> bytes:
    """JSON members with a leading comma; empty where no value is left."""
    seen = {name: value for name, value in values if value is not None}
    return b"," + _encode(seen)[1:-1] if seen else b""
