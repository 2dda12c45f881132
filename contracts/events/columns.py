"""A record's type as columns: the enriched event's, and any other flat one. The lake's tables and Druid's specs are
made from this list.

A new field of :class:`contracts.events.enriched.EnrichedEvent` is a new column everywhere. It must be nullable: rows
that were written before have no value in it.
"""

import types
import typing
from typing import Literal, NamedTuple

import msgspec

from contracts.events.enriched import EnrichedEvent

Kind = Literal["text", "integer", "number", "flag", "json"]
"""text: UTF-8; integer: 64 bits; number: double; flag: true or false; json: a list, or a map of flat values, as JSON
text. Every store and reader takes a text, but they differ in their types of lists and maps."""
_KINDS: dict[object, Kind] = {str: "text", int: "integer", float: "number", bool: "flag"}


class Column(NamedTuple):
    name: str
    kind: Kind
    required: bool
    default: str | float | None = None
    """What a record without the field means, where that is a value."""


def columns(record: type[msgspec.Struct] = EnrichedEvent) -> tuple[Column, ...]:
    """In the record's order. Raises TypeError for a field that is neither flat, nor a list, nor a map of flat values:
    it cannot be a column.
    """
    return tuple(
        Column(field.name, _kind(field.name, field.type), field.required, _default(field)) for field in _fields(record)
    )


def _fields(record: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(record)


def _default(field: msgspec.structs.FieldInfo) -> str | float | None:
    return None if field.default is msgspec.NODEFAULT else field.default


def _kind(name: str, annotation: object) -> Kind:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _kind(name, typing.get_args(annotation)[0])
    if origin is Literal:
        found = {type(value) for value in typing.get_args(annotation)}
    elif origin in {typing.Union, types.UnionType}:
        kinds = {_kind(name, part) for part in typing.get_args(annotation) if part is not types.NoneType}
        if len(kinds) == 1:
            return kinds.pop()
        found = set()
    elif origin is list or (origin is dict and typing.get_args(annotation)[1] in _KINDS):
        return "json"
    else:
        found = {annotation} if isinstance(annotation, type) else set()
    if len(found) == 1 and (kind := _KINDS.get(found.pop())) is not None:
        return kind
    raise TypeError(f"{name}: {annotation} is no column")
