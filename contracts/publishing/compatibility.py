"""Compatibility: ``python -m contracts.publishing.compatibility [--release]`` compares the schemas with the released
ones.

A field of a released schema may not be removed, retyped or made optional; an enumeration may gain values. What
producers and callers send may not get a new required field, and its bounds may only widen, so that what was valid stays
valid. The bounds of what consumers get may only narrow. Anything else is a breaking change and needs a new version of
the topic, whose schema has the new name. ``--release`` makes the current schemas the released ones, if they are
compatible.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from contracts.publishing.json_schemas import FOLDER, NO_LINE_FEED, SUFFIX

RELEASED = Path(__file__).parent / "released"
INPUTS = ("raw_event", "lookup_request")
"""Schemas of what others send."""
_NOTES = frozenset({"description", "title", "default", "examples"})
_LOWER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems"})
_UPPER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems"})
_BOUNDS = _LOWER | _UPPER
_ANYTHING = "{}"
Schema = Mapping[str, Any]
Bounds = Mapping[tuple[str, str], float]


class Field(NamedTuple):
    type: str
    """The schema of its values without bounds, as JSON with sorted keys."""
    bounds: Bounds
    """(where in the schema, which bound) → how much."""
    enum: frozenset[str]
    required: bool


def fields(schema: Schema) -> dict[str, Field]:
    """Path → field, through all objects in it."""
    return dict(_fields(schema, schema.get("$defs", {}), ""))


def broken(name: str, old: Schema, new: Schema) -> list[str]:
    """The breaking changes from ``old`` to ``new``; empty where ``new`` is compatible."""
    before, after = fields(old), fields(new)
    is_input = name.startswith(INPUTS)
    found: list[str] = []
    for path, field in before.items():
        now = after.get(path)
        if now is None:
            found.append(f"{path} was removed")
        elif is_input and now.type == _ANYTHING:
            pass
        elif now.type != field.type or not field.enum <= now.enum:
            found.append(f"{path} was retyped")
        elif not (_is_within(field.bounds, now.bounds) if is_input else _is_within(now.bounds, field.bounds)):
            found.append(f"{path} has another range")
        elif field.required and not now.required:
            found.append(f"{path} is no longer required")
    if is_input:
        found += [f"{path} is new and required" for path in after.keys() - before.keys() if after[path].required]
    return [f"{name}: {fault}: a breaking change; publish a new topic version" for fault in sorted(found)]


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
            yield inner, Field("object", {}, frozenset(), name in required)
            yield from _fields(resolved, defs, inner)
        else:
            kind = msgspec.json.encode(_bare(value, defs), order="sorted").decode()
            bounds = dict(_bounds(value, defs, ""))
            yield inner, Field(kind, bounds, frozenset(map(str, _enum(value, defs))), name in required)


def _resolved(schema: Schema, defs: Mapping[str, Schema]) -> Schema:
    reference = schema.get("$ref")
    return schema if reference is None else _resolved(defs[str(reference).rpartition("/")[2]], defs)


def _bare(schema: object, defs: Mapping[str, Schema]) -> object:
    """The type alone: without descriptions, bounds and enumerations (they are compared by themselves), and without the
    second form of the pattern's ``$``.
    """
    if isinstance(schema, dict):
        whole = {key: value for key, value in _resolved(schema, defs).items() if {key: value} != NO_LINE_FEED}
        return {key: _bare(value, defs) for key, value in whole.items() if key not in _NOTES | _BOUNDS | {"enum"}}
    return [_bare(value, defs) for value in schema] if isinstance(schema, list) else schema


def _bounds(schema: object, defs: Mapping[str, Schema], where: str) -> Iterator[tuple[tuple[str, str], float]]:
    if isinstance(schema, dict):
        for key, value in _resolved(schema, defs).items():
            if key in _BOUNDS:
                yield (where, key), value
            else:
                yield from _bounds(value, defs, f"{where}/{key}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from _bounds(value, defs, f"{where}/{number}")


def _is_within(inner: Bounds, outer: Bounds) -> bool:
    """Whether all that is within the one is within the other."""
    return all(
        place in inner and (inner[place] >= bound if place[1] in _LOWER else inner[place] <= bound)
        for place, bound in outer.items()
    )


def _enum(schema: object, defs: Mapping[str, Schema]) -> Iterator[object]:
    if isinstance(schema, dict):
        whole = _resolved(schema, defs)
        yield from whole.get("enum", ())
        for value in whole.values():
            yield from _enum(value, defs)
    elif isinstance(schema, list):
        for value in schema:
            yield from _enum(value, defs)


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
