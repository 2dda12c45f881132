"""The documented entries are real ones."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from lookup_service.sources.http_api import HttpApi, HttpApiOptions
from lookup_service.sources.registry import REGISTRY
from lookup_service.sources.sql_postgresql import PostgresqlOptions, open_postgresql
from lookup_service.sources.sql_sqlite import SqliteOptions, open_sqlite

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "lookup_sources.md"
OPTIONS: dict[str, type[msgspec.Struct]] = {name: found.options for name, found in REGISTRY.items()}


def entries() -> list[dict[str, object]]:
    found = re.search(r"```toml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None
    tables: list[dict[str, object]] = tomllib.loads(found[1])["source"]
    return tables


def test_every_type_is_documented_and_every_documented_key_is_one() -> None:
    types = set()
    for entry in entries():
        name = str(entry.pop("type"))
        options = msgspec.convert(entry, OPTIONS[name], dec_hook=lambda wanted, value: wanted(value))
        types.add(name)
        if isinstance(options, HttpApiOptions):
            HttpApi(options)
        elif isinstance(options, PostgresqlOptions):
            open_postgresql(options)
        elif isinstance(options, SqliteOptions):
            open_sqlite(options)
    assert types == set(OPTIONS)


def test_documented_defaults_are_the_defaults() -> None:
    examples = {"internal_hosts", "asn_path", "anonymous_ip_path", "headers", "check_key", "name"}
    for entry in entries():
        fields = msgspec.structs.fields(OPTIONS[str(entry.pop("type"))])
        defaults = {field.name: field.default for field in fields if field.default is not msgspec.NODEFAULT}
        shown = {key: value for key, value in entry.items() if key in defaults and key not in examples}
        assert shown == {key: defaults[key] for key in shown}


@pytest.mark.parametrize("options", OPTIONS.values())
def test_unknown_keys_are_refused(options: type[msgspec.Struct]) -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown"):
        msgspec.convert({"unheard_of": 1}, options)
