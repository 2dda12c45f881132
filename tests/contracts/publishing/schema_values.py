"""JSON values by a published schema, and values that are like them but for one place."""

from typing import Any

from hypothesis import strategies as st

Json = Any
Schema = dict[str, Any]

# Halves of characters are no text: RFC 8259 leaves open what a reader makes of them.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-1000, 2**53).map(float),
    TEXT,
    st.sampled_from(["", "EUR\n", "eur", "1536", "true", "\n", "null", "\x00", "😀" * 20]),
)
ANY: st.SearchStrategy[Json] = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=5
)


def values(schema: Schema) -> st.SearchStrategy[Json]:
    """What the schema describes."""
    return _values(schema, schema.get("$defs", {}))


@st.composite
def mutated(draw: st.DrawFn, schema: Schema) -> Json:
    """One of its values in which one place, or a few, holds something else."""
    value = draw(values(schema))
    for _ in range(draw(st.integers(1, 3))):
        value = _changed(draw, value)
    return value


def _values(schema: Schema, defs: dict[str, Schema]) -> st.SearchStrategy[Json]:
    if "$ref" in schema:
        return _values(defs[schema["$ref"].rpartition("/")[2]], defs)
    if "anyOf" in schema:
        return st.one_of([_values(each, defs) for each in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    found = ANY
    match schema.get("type"):
        case "object":
            found = _objects(schema, defs)
        case "array":
            found = st.lists(_values(schema["items"], defs), max_size=min(3, schema.get("maxItems", 3)))
        case "string":
            found = _texts(schema)
        case "integer":
            whole = st.integers(schema.get("minimum"), _below(schema))
            found = whole | whole.filter(lambda number: abs(number) < 2**53).map(float)
        case "number":
            found = st.floats(schema["minimum"], schema["maximum"], allow_nan=False)
        case "boolean":
            found = st.booleans()
        case "null":
            found = st.none()
    return found


def _texts(schema: Schema) -> st.SearchStrategy[str]:
    low, high = schema.get("minLength", 0), schema.get("maxLength", 10_000)
    if "pattern" in schema:
        texts = st.from_regex(schema["pattern"].removesuffix("$") + r"\Z")
        return texts.filter(lambda text: low <= len(text) <= high)
    ends = st.sampled_from(sorted({max(low, 1), high})).map(lambda size: "é" * size)
    return st.text(st.characters(exclude_categories=["Cs"]), min_size=low, max_size=min(high, 20)) | ends


def _below(schema: Schema) -> int | None:
    highest: int | None = schema.get("maximum")
    return schema["exclusiveMaximum"] - 1 if "exclusiveMaximum" in schema else highest


def _objects(schema: Schema, defs: dict[str, Schema]) -> st.SearchStrategy[Json]:
    more = schema.get("additionalProperties", True)
    known = {name: _values(value, defs) for name, value in schema.get("properties", {}).items()}
    needed = {name: known[name] for name in schema.get("required", ())}
    objects = st.fixed_dictionaries(needed, optional={n: v for n, v in known.items() if n not in needed})
    if more is False:
        return objects
    others = st.dictionaries(TEXT, ANY if more is True else _values(more, defs), max_size=2)
    return st.builds(lambda unknown, found: {**unknown, **found}, others, objects)


def _changed(draw: st.DrawFn, value: Json) -> Json:
    if isinstance(value, dict) and value and draw(st.integers(0, 9)):
        return _changed_object(draw, value)
    if isinstance(value, list) and value and draw(st.integers(0, 9)):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], _changed(draw, value[place]), *value[place + 1 :]]
    if isinstance(value, str) and draw(st.booleans()):
        return draw(st.sampled_from([value + "\n", value * 2, value[:-1], value.upper(), value.lower(), " " + value]))
    if isinstance(value, int | float) and draw(st.booleans()):
        larger = value * 1e6 if abs(value) < 1e300 else value  # JSON has no infinity
        return draw(st.sampled_from([str(value), -value, value + 0.5, [value], larger]))
    return draw(ANY)


def _changed_object(draw: st.DrawFn, value: dict[str, Json]) -> dict[str, Json]:
    name = draw(st.sampled_from(sorted(value)))
    match draw(st.integers(0, 5)):
        case 0:
            return {other: kept for other, kept in value.items() if other != name}
        case 1:
            return {**value, draw(TEXT): draw(ANY)}
        case _:
            return {**value, name: _changed(draw, value[name])}
