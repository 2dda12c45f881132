"""The lake's configuration file."""

from pathlib import Path

import msgspec
import pytest

from common.flink.property_groups import ConfigError
from contracts import topics
from contracts.fixed_topics import enriched_name
from deploy.jobs import LAKE
from lake.config import Config, LakeConfig, load
from lake.sql import sink, source

REFERENCE = LAKE.reference


def _write(path: Path, **groups: dict[str, str]) -> Path:
    shape = [{"PropertyGroupId": name, "PropertyMap": values} for name, values in groups.items()]
    path.write_bytes(msgspec.json.encode(shape))
    return path


def test_the_reference_names_every_key_with_its_default() -> None:
    (lake,) = [
        group["PropertyMap"]
        for group in msgspec.json.decode(REFERENCE.read_bytes())
        if group["PropertyGroupId"] == "lake"
    ]
    assert set(lake) == {field.encode_name for field in msgspec.structs.fields(LakeConfig)}
    assert load(REFERENCE).lake == LakeConfig(path=lake["path"])


@pytest.mark.parametrize(
    ("lake", "said"),
    [
        ({}, "lake: .*path"),
        ({"path": "/var/lake"}, "lake: .*path"),
        ({"path": "file:///lake", "purposes": "a;DROP"}, "lake: .*purposes"),
        ({"path": "file:///lake", "unknown.key": "1"}, "lake: .*unknown.key"),
    ],
)
def test_an_invalid_key_is_named(tmp_path: Path, lake: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(_write(tmp_path / "p.json", kafka={"bootstrap.servers": "b:1"}, lake=lake))


def test_an_unknown_group_is_named(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "p.json", kafka={"bootstrap.servers": "b:1"}, lake={"path": "file:///lake"}, lakes={"path": "x"}
    )
    with pytest.raises(ConfigError, match="'lakes'"):
        load(path)


def test_each_purpose_is_read_from_its_topic(tmp_path: Path) -> None:
    config: Config = load(
        _write(
            tmp_path / "p.json",
            kafka={"bootstrap.servers": "b:1"},
            lake={"path": "file:///it's", "purposes": "analytics,fraud"},
        )
    )
    assert f"'{topics.ANALYTICS.name};{enriched_name('fraud')}'" in source(config.kafka, config.lake)
    assert "'file:///it''s'" in sink(config.lake)
