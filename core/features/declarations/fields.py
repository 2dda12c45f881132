"""Which fields of an event a declaration may use, and for what."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from core.cel.environment import Environment, Type, Variable
from core.cel.struct_variables import struct_variables
from core.features.model import Kind, ValueType
from core.features.source_events import EVENT_TYPES, Source

_VARIABLES: Final[Mapping[Source, Mapping[str, Variable]]] = MappingProxyType(
    {source: struct_variables(kind, "_e") for source, kind in EVENT_TYPES.items()}
)
NOT_KEPT: Final = frozenset({"user_ipaddress", "useragent", "event_id", "page_url"})
"""Their texts are never kept: only how many different ones there are can be a feature."""
_ANY: Final[frozenset[Type]] = frozenset({"string", "int", "double", "bool"})
_NUMBERS: Final[frozenset[Type]] = frozenset({"int", "double"})
_TEXTS: Final[frozenset[Type]] = frozenset({"string", "bool"})
VALUE_TYPES: Final[Mapping[Kind, frozenset[Type]]] = MappingProxyType(
    {
        "count": frozenset(),
        "sum": _NUMBERS,
        "min": _NUMBERS,
        "max": _NUMBERS,
        "mean": _NUMBERS,
        "first": _ANY,
        "last": _ANY,
        "last_n": _TEXTS,
        "most_frequent": _TEXTS,
        "approx_distinct": frozenset({"string", "int"}),
        "recency": frozenset(),
        "ratio": frozenset(),
    }
)
"""Types of the field that a kind takes; empty: it takes none. A number with bands is a text."""


def environment(source: Source) -> Environment:
    """Of filters. Evaluated with the source's event."""
    return Environment(
        about=f"a filter on events of {source}", parameter="_e", variables=_VARIABLES[source], functions={}
    )


def field_type(source: Source, name: str) -> Type | None:
    """None: the event has no such field."""
    found = _VARIABLES[source].get(name)
    return None if found is None else found.type


def field_names(source: Source) -> tuple[str, ...]:
    return tuple(_VARIABLES[source])


def served_type(kind: Kind, field: Type | None) -> ValueType:
    """Of the values that are served.

    :param field: type of the value's field; string where it has bands.
    """
    match kind:
        case "count" | "approx_distinct" | "recency":
            return "int"
        case "last_n":
            return "string_list"
        case "first" | "last" | "most_frequent":
            return "double" if field in _NUMBERS else "string"
        case _:
            return "double"
