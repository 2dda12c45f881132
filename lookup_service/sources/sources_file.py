"""The sources file: TOML with one ``[[source]]`` table per source.

``type`` chooses the entry of :data:`lookup_service.sources.registry.REGISTRY`, ``[source.cache]`` overrides the type's
:class:`CachePolicy`, the other keys are the type's options. ``${NAME}`` in a string is replaced by an environment
variable, so that secrets stay out of the file. ``docs/reference/lookup_sources.md`` is the reference. The deployed file
is ``deploy/lookup_sources.toml``.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from common.secret import Secret, decode_secret
from lookup_service.sources.cache_policy import CachePolicy
from lookup_service.sources.registry import REGISTRY, SourceType

Converted = TypeVar("Converted")
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


class SourcesFileError(Exception):
    """The file cannot be used. The message is one line with the entry's number and the key, and shows no values."""


@dataclass(frozen=True, kw_only=True)
class SourceDeclaration:
    """One validated entry of the file."""

    number: int
    """From 1, as in error messages."""
    type_name: str
    type: SourceType
    options: msgspec.Struct
    cache: CachePolicy


def read_sources(path: Path, environment: Mapping[str, str] = os.environ) -> list[SourceDeclaration]:
    """The entries in the order of the file. Raises SourcesFileError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        where = str(error) if isinstance(error, tomllib.TOMLDecodeError) else type(error).__name__
        raise SourcesFileError(f"not readable as TOML: {where}") from error
    unknown = sorted(document.keys() - {"source"})
    if unknown:
        raise SourcesFileError(f"unknown key {unknown[0]}; only [[source]] tables are allowed")
    tables = document.get("source", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SourcesFileError("source: must be [[source]] tables")
    return [_read_entry(number, table, environment) for number, table in enumerate(tables, 1)]


def _read_entry(number: int, table: dict[str, Any], environment: Mapping[str, str]) -> SourceDeclaration:
    table = {key: _expand(number, key, value, environment) for key, value in table.items()}
    if "type" not in table:
        raise SourcesFileError(f"source {number}: type: missing")
    type_name = table.pop("type")
    source_type = REGISTRY.get(type_name) if isinstance(type_name, str) else None
    if source_type is None:
        raise SourcesFileError(f"source {number}: type: must be one of {', '.join(sorted(REGISTRY))}")
    cache = table.pop("cache", {})
    if not isinstance(cache, dict):
        raise SourcesFileError(f"source {number}: cache: must be a table")
    return SourceDeclaration(
        number=number,
        type_name=type_name,
        type=source_type,
        options=_convert(number, "", table, source_type.options),
        cache=_convert(number, "cache.", msgspec.structs.asdict(source_type.cache) | cache, CachePolicy),
    )


def _convert(number: int, prefix: str, table: dict[str, Any], type_: type[Converted]) -> Converted:
    try:
        return msgspec.convert(table, type_, dec_hook=_decoded)
    except msgspec.ValidationError as error:
        text = str(error)
        at = found[1] if (found := _PATH.search(text)) else ""
        what = _PATH.sub("", text)
        if what.startswith("Invalid enum value"):
            what = "Invalid enum value"  # msgspec's text also shows the value
        place = f"{prefix}{at}: " if at else ""
        raise SourcesFileError(f"source {number}: {place}{what}") from error


def _decoded(type_: type, value: object) -> Path | Secret:
    if type_ is Path and isinstance(value, str):
        return Path(value)
    return decode_secret(type_, value)


def _expand(number: int, key: str, value: object, environment: Mapping[str, str]) -> object:
    if isinstance(value, str):

        def variable(found: re.Match[str]) -> str:
            if found[1] not in environment:
                raise SourcesFileError(f"source {number}: {key}: {found[1]} is not set in the environment")
            return environment[found[1]]

        return _VARIABLE.sub(variable, value)
    if isinstance(value, list):
        return [_expand(number, key, item, environment) for item in value]
    if isinstance(value, dict):
        return {name: _expand(number, f"{key}.{name}", item, environment) for name, item in value.items()}
    return value
