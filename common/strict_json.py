"""Strict decoders that accept exactly what the published schemas accept, and rewriting of JSON by a type.

msgspec is stricter than JSON Schema in two ways. For a schema 1536.0 is an integer, because JSON has one type of
number. And if a name occurs twice, only its last value counts. A text that msgspec refuses is therefore rewritten in
this sense and decoded again. A text that msgspec accepts costs nothing extra.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

import msgspec
from msgspec import inspect

T = TypeVar("T")
_NUMBER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


class Place(NamedTuple):
    """A value's place in a type: a field, an item or a whole document."""

    name: str
    kinds: tuple[inspect.Type, ...]
    """The types that the value may have, without null."""
    annotation: object
    """The field's type annotation; None if the place is not a field of a struct."""
    is_required: bool
    extra: Mapping[str, object]
    """The type's ``msgspec.Meta(extra=…)``."""

    @property
    def only(self) -> inspect.Type | None:
        return self.kinds[0] if len(self.kinds) == 1 else None


Leaf = Callable[[str, Place, bytes], bytes | None]
"""(path, place, a value's JSON) → the JSON that replaces it; None removes the value."""


class StrictDecoder(Generic[T]):
    """Like ``msgspec.json.Decoder``, but accepts exactly what the type's published schema accepts."""

    def __init__(self, kind: type[T]) -> None:
        self._decode = msgspec.json.Decoder(kind).decode
        self._place = place_of(kind)

    def decode(self, text: bytes) -> T:
        """Raises what msgspec raises."""
        try:
            return self._decode(text)
        except msgspec.ValidationError:
            return self._decode(rewritten(text, self._place, whole_number) or text)


def place_of(kind: object) -> Place:
    """The place of a whole document of this type."""
    return _place("", inspect.type_info(kind), None, is_required=True)


@cache
def fields_of(struct: type[msgspec.Struct]) -> Mapping[str, Place]:
    """Name in JSON → place, for the fields of a struct."""
    found = {}
    for field in msgspec.structs.fields(struct):
        kind = inspect.type_info(field.type)
        found[field.encode_name] = _place(field.encode_name, kind, field.type, is_required=field.required)
    return MappingProxyType(found)


def rewritten(text: bytes, place: Place, leaf: Leaf, path: str = "") -> bytes | None:
    """The JSON with each known leaf value replaced by ``leaf``'s result. Unknown fields, and values that do not have
    the place's type, stay unchanged.

    :raises msgspec.DecodeError: if the text is not JSON.
    :raises RecursionError: if it is nested too deeply.
    """
    kind = place.only
    if isinstance(kind, inspect.RawType | inspect.AnyType):
        return text
    if isinstance(kind, inspect.StructType) and text.lstrip()[:1] == b"{":
        level = _members(text)
        for name, field in fields_of(kind.cls).items():
            if name in level:
                new = rewritten(bytes(level[name]), field, leaf, f"{path}.{name}" if path else name)
                if new is None:
                    del level[name]
                else:
                    level[name] = msgspec.Raw(new)
        return _encode(level)
    if isinstance(kind, inspect.DictType) and text.lstrip()[:1] == b"{":
        inside = _place("", kind.value_type, None, is_required=True)
        values = {name: rewritten(bytes(value), inside, leaf, f"{path}[...]") for name, value in _members(text).items()}
        return _encode({name: msgspec.Raw(value) for name, value in values.items() if value is not None})
    if isinstance(kind, inspect.ListType) and text.lstrip()[:1] == b"[":
        parts = _items(text)
        if kind.max_length is not None and len(parts) > kind.max_length:
            return text  # too long: the decoder refuses it in any case, so nothing is copied
        inside = _place("", kind.item_type, None, is_required=True)
        items = [rewritten(bytes(item), inside, leaf, f"{path}[...]") for item in parts]
        return _encode([msgspec.Raw(item) for item in items if item is not None])
    return leaf(path, place, text)


def whole_number(_path: str, place: Place, text: bytes) -> bytes:
    """Rewrites an integer that is written with a fraction or an exponent, such as 1536.0."""
    kinds = {type(kind) for kind in place.kinds}
    if inspect.IntType in kinds and inspect.FloatType not in kinds and is_number(text):
        value = float(text)
        if value.is_integer() and not text.lstrip(b"-").isdigit():
            return b"%d" % int(value)
    return text


def is_number(text: bytes) -> bool:
    """Whether the text is a number of JSON, or one with leading zeros."""
    return _NUMBER.fullmatch(text) is not None


def _place(name: str, kind: inspect.Type, annotation: object, *, is_required: bool) -> Place:
    kinds: list[inspect.Type] = []
    extra: dict[str, object] = {}
    waiting = [kind]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, inspect.Metadata):
            extra |= each.extra or {}
            waiting.insert(0, each.type)
        elif isinstance(each, inspect.UnionType):
            waiting += each.types
        elif not isinstance(each, inspect.NoneType):
            kinds.append(each)
    return Place(name, tuple(kinds), annotation, is_required, MappingProxyType(extra))
