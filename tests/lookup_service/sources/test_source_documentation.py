"""The documented entries of the sources file are valid."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from deploy.paths import PROJECT
from lookup_service.sources.registry import REGISTRY
from lookup_service.sources.sources_file import read_sources

DOCUMENT = PROJECT / "docs" / "reference" / "lookup_sources.md"
OPTIONS: dict[str, type[msgspec.Struct]] = {name: found.options for name, found in REGISTRY.items()}


ENVIRONMENT = {"LOOKUP_REDIS_URL": "redis://h/0", "DATABASE_PASSWORD": "p", "ACCOUNTS_TOKEN": "t"}
OPENED_WITHOUT_FILES = {"http_api", "postgresql", "sqlite", "redis_profiles"}


def block() -> str:
    found = re.search(r"```toml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def entries() -> list[dict[str, object]]:
    tables: list[dict[str, object]] = tomllib.loads(block())["source"]
    return tables


def test_every_type_is_documented_and_every_documented_key_exists(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(block())
    declared = read_sources(tmp_path / "sources.toml", ENVIRONMENT)
    assert {entry.type_name for entry in declared} == set(REGISTRY)
    for entry in declared:
        if entry.type_name in OPENED_WITHOUT_FILES:
            entry.type.open(entry.options)


def test_documented_defaults_are_the_real_ones() -> None:
    examples = {"internal_hosts", "asn_path", "anonymous_ip_path", "headers", "check_key", "name", "crawlers_path"}
    for entry in entries():
        fields = msgspec.structs.fields(OPTIONS[str(entry.pop("type"))])
        defaults = {field.name: field.default for field in fields if field.default is not msgspec.NODEFAULT}
        shown = {key: value for key, value in entry.items() if key in defaults and key not in examples}
        assert shown == {key: defaults[key] for key in shown}


@pytest.mark.parametrize("options", OPTIONS.values())
def test_unknown_keys_are_rejected(options: type[msgspec.Struct]) -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown"):
        msgspec.convert({"unheard_of": 1}, options)
