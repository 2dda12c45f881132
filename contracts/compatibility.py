"""Schemas only grow: ``python -m contracts.compatibility [--release]`` holds them against the released ones.

Of a released version a field may not be removed, retyped, or become optional; an enumeration may gain values. Of a
number's range, what we send may become narrower and what others send wider, never the other way round. What
producers and callers send may not get a new required field. Anything else wants a new version of the topic, under
whose name the schema is then found. ``--release`` makes today's schemas the released ones, if they are compatible.
"""

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from contracts.schemas import FOLDER, SUFFIX

RELEASED = Path(__file__).parent / "released"
INPUTS = ("raw_event", "lookup_request")
"""Schemas of what others send."""
_NOTES = frozenset({"description", "title", "default", "examples"})
_LOWER, _UPPER = ("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")
Schema = Mapping[str, Any]


class Field(NamedTuple):
    type: str
    """The schema of its values, in one spelling."""
    enum: frozenset[str]
    required: bool
    range: tuple[float, float] = (-math.inf, math.inf)
    """Of the numbers in it, all taken together."""


def fields(schema: Schema) -> dict[str, Field]:
    """Path → field, through all objects in it."""
    return dict(_fields(schema, schema.get("$defs", {}), ""))


def broken(name: str, old: Schema, new: Schema) -> list[str]:
    """What consumers of ``old`` would stumble over; nothing where ``new`` is compatible."""
    before, after = fields(old), fields(new)
    found: list[str] = []
    for path, field in before.items():
        now = after.get(path)
        if now is None:
            found.append(f"{path} was removed")
        elif now.type != field.type or not field.enum <= now.enum:
            found.append(f"{path} was retyped")
        elif not _within(*((field, now) if name.startswith(INPUTS) else (now, field))):
            found.append(f"{path} has another range")
        elif field.required and not now.required:
            found.append(f"{path} is no longer required")
    if name.startswith(INPUTS):
        found += [f"{path} is new and required" for path in after.keys() - before.keys() if after[path].required]
    return [f"{name}: {fault}; a new version of the topic may" for fault in sorted(found)]


def faults(released: Path = RELEASED, current: Path = FOLDER) -> list[str]:
    """All released schemas against the current ones."""
    found: list[str] = []
    for file in sorted(released.glob(f"*{SUFFIX}")):
        name, now = file.name.removesuffix(SUFFIX), current / file.name
        if now.exists():
            found += broken(name, msgspec.json.decode(file.read_bytes()), msgspec.json.decode(now.read_bytes()))
        elif not any(current.glob(f"{name.rpartition('.')[0]}.v*{SUFFIX}")):
            found.append(f"{name}: the schema was removed")
    return found


def _fields(schema: Schema, defs: Mapping[str, Schema], path: str) -> Iterator[tuple[str, Field]]:
    schema = _resolved(schema, defs)
    required = frozenset(schema.get("required", ()))
    for name, value in schema.get("properties", {}).items():
        inner = f"{path}.{name}".strip(".")
        resolved = _resolved(value, defs)
        if "properties" in resolved:
            yield inner, Field("object", frozenset(), name in required)
            yield from _fields(resolved, defs, inner)
        else:
            kind = msgspec.json.encode(_bare(value, defs), order="sorted").decode()
            enum = frozenset(map(str, _enum(value, defs)))
            yield inner, Field(kind, enum, name in required, (_bound(value, defs, _LOWER), _bound(value, defs, _UPPER)))


def _resolved(schema: Schema, defs: Mapping[str, Schema]) -> Schema:
    reference = schema.get("$ref")
    return schema if reference is None else _resolved(defs[str(reference).rpartition("/")[2]], defs)


def _bare(schema: object, defs: Mapping[str, Schema]) -> object:
    """Without words for people, and without enumerations and ranges, which may change in one direction."""
    if isinstance(schema, dict):
        whole = _resolved(schema, defs)
        left_out = _NOTES.union(_LOWER, _UPPER, ("enum",))
        return {key: _bare(value, defs) for key, value in whole.items() if key not in left_out}
    return [_bare(value, defs) for value in schema] if isinstance(schema, list) else schema


def _enum(schema: object, defs: Mapping[str, Schema]) -> Iterator[object]:
    if isinstance(schema, dict):
        whole = _resolved(schema, defs)
        yield from whole.get("enum", ())
        for value in whole.values():
            yield from _enum(value, defs)
    elif isinstance(schema, list):
        for value in schema:
            yield from _enum(value, defs)


def _within(inner: Field, outer: Field) -> bool:
    return outer.range[0] <= inner.range[0] and inner.range[1] <= outer.range[1]


def _bound(schema: object, defs: Mapping[str, Schema], names: Sequence[str]) -> float:
    """The widest bound of the names among all numbers in the schema; infinite where one has none."""
    infinite = -math.inf if names is _LOWER else math.inf
    widest = min if names is _LOWER else max
    if isinstance(schema, list):
        return widest((_bound(each, defs, names) for each in schema), default=-infinite)
    if not isinstance(schema, dict):
        return -infinite
    whole = _resolved(schema, defs)
    if whole.get("type") in ("integer", "number"):
        return next((float(whole[name]) for name in names if name in whole), infinite)
    return widest((_bound(each, defs, names) for each in whole.values()), default=-infinite)


def main() -> int:
    found = faults()
    for fault in found:
        print(fault, file=sys.stderr)
    if not found and "--release" in sys.argv[1:]:
        RELEASED.mkdir(exist_ok=True)
        for file in FOLDER.glob(f"*{SUFFIX}"):
            (RELEASED / file.name).write_bytes(file.read_bytes())
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
