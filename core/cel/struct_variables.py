"""Variables of conditions made from the fields of an event's type."""

import types
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, get_args, get_type_hints

import msgspec

from core.cel.environment import Type, Variable

TYPES: Final[Mapping[object, Type]] = MappingProxyType({str: "string", int: "int", float: "double", bool: "bool"})


def struct_variables(event: type[msgspec.Struct], parameter: str) -> dict[str, Variable]:
    """Field → variable that reads it from the function's parameter."""
    found: dict[str, Variable] = {}
    for name, hint in get_type_hints(event).items():
        kinds = [kind for kind in get_args(hint) if kind is not types.NoneType] or [hint]
        found[name] = Variable(TYPES[kinds[0]], f"{parameter}.{name}", types.NoneType in get_args(hint))
    return found
