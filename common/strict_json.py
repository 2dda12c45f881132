"""Strict decoders that accept exactly what the published schemas accept, and the rewriting of JSON by a type.

msgspec is stricter than a schema in two places: JSON has one type of number, so that 1536.0 is an integer; and of a
name that is there twice the last one counts. A text that msgspec refuses is written anew in this sense and decoded
again: one that it takes pays nothing for it.
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
    """Where a value is, by its type."""

    name: str
    kinds: tuple[inspect.Type, ...]
    """What it may be, null aside."""
    annotation: object
    """The field's type as it is written; None for what is no field of a struct."""
    is_required: bool
    extra: Mapping[str, object]
    """The marks of its type (``msgspec.Meta(extra=…)``)."""

    @property
    def only(self) -> inspect.Type | None:
        return self.kinds[0] if len(self.kinds) == 1 else None


Leaf = Callable[[str, Place, bytes], bytes | None]
"""(path, place, a value's JSON) → what stands there instead; None: nothing."""


class StrictDecoder(Generic[T]):
    """As ``msgspec.json.Decoder``, and in agreement with the type's published schema."""

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
    """A type as the place of a whole document."""
    return _place("", inspect.type_info(kind), None, is_required=True)


@cache
def fields_of(struct: type[msgspec.Struct]) -> Mapping[str, Place]:
    """The places of a struct's fields, by their names in JSON."""
    found = {}
    for field in msgspec.structs.fields(struct):
        kind = inspect.type_info(field.type)
        found[field.encode_name] = _place(field.encode_name, kind, field.type, is_required=field.required)
    return MappingProxyType(found)


def rewritten(text: bytes, place: Place, leaf: Leaf, path: str = "") -> bytes | None:
    """The JSON with each known value as ``leaf`` has it. What is not of the place's form, and what no type knows, is
    left as it is. Raises ``msgspec.DecodeError`` or ``RecursionError`` where it is no JSON.
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
            return text  # refused for its length whatever is in it: not one part is copied
        inside = _place("", kind.item_type, None, is_required=True)
        items = [rewritten(bytes(item), inside, leaf, f"{path}[...]") for item in parts]
        return _encode([msgspec.Raw(item) for item in items if item is not None])
    return leaf(path, place, text)


def whole_number(_path: str, place: Place, text: bytes) -> bytes:
    """An integer that is written with a fraction or an exponent, written as one."""
    kinds = {type(kind) for kind in place.kinds}
    if inspect.IntType in kinds and inspect.FloatType not in kinds and is_number(text):
        value = float(text)
        if value.is_integer() and not text.lstrip(b"-").isdigit():
            return b"%d" % int(value)
    return text


def is_number(text: bytes) -> bool:
    """Whether it is a number of JSON (or one with zeros in front)."""
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
