"""The enriched event as columns. The lake's tables and Druid's specs are made from this list.

A new field of :class:`contracts.events.enriched.EnrichedEvent` is a new column everywhere. It must be nullable: rows
that were written before have no value in it.
"""

import types
import typing
from typing import Literal, NamedTuple

import msgspec

from contracts.events.enriched import EnrichedEvent

Kind = Literal["text", "integer", "number", "flag", "json"]
"""text: UTF-8; integer: 64 bits; number: double; flag: true or false; json: a list, as JSON text. Every store and
reader takes a text, but they differ in their types of lists."""
_KINDS: dict[object, Kind] = {str: "text", int: "integer", float: "number", bool: "flag"}


class Column(NamedTuple):
    name: str
    kind: Kind
    required: bool


def columns(event: type[msgspec.Struct] = EnrichedEvent) -> tuple[Column, ...]:
    """In the event's order. Raises TypeError for a field that is neither flat nor a list: it cannot be a column."""
    return tuple(Column(field.name, _kind(field.name, field.type), field.required) for field in _fields(event))


def _fields(event: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(event)


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
    elif origin is list:
        return "json"
    else:
        found = {annotation} if isinstance(annotation, type) else set()
    if len(found) == 1 and (kind := _KINDS.get(found.pop())) is not None:
        return kind
    raise TypeError(f"{name}: {annotation} is no column")
