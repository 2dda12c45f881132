"""Reads the contract's fields from an external API's JSON document."""

from collections.abc import Mapping
from typing import Any

import msgspec

from contracts.lookup_api.lookups import VALUE_TYPES, Kind, Value


class InvalidDocumentError(Exception):
    """The body is not JSON, or has values that the contract does not allow."""


class JsonFields:
    """Paths are names joined by dots, such as ``data.segment``; a number is an array index, as in ``items.0.name``."""

    def __init__(self, kind: Kind, paths: Mapping[str, str]) -> None:
        """Raises ValueError for a field that the kind does not have."""
        self._type = VALUE_TYPES[kind]
        unknown = sorted(set(paths) - set(self._type.__struct_fields__))
        if unknown or not paths:
            raise ValueError(f"fields: not of {kind}: {', '.join(unknown)}" if unknown else "fields: none")
        self._paths = {field: tuple(path.split(".")) for field, path in paths.items()}

    def read(self, body: bytes) -> Value | None:
        """None if none of the fields is present. Raises InvalidDocumentError."""
        try:
            document = msgspec.json.decode(body)
            found = {field: _at(document, path) for field, path in self._paths.items()}
            present = {field: value for field, value in found.items() if value is not None}
            return msgspec.convert(present, self._type, strict=False) if present else None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidDocumentError from error


def _at(document: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401  # JSON
    for name in path:
        if isinstance(document, dict):
            document = document.get(name)
        elif isinstance(document, list) and name.isdecimal() and int(name) < len(document):
            document = document[int(name)]
        else:
            return None
    return document
