"""The lake's configuration file."""

from pathlib import Path

import msgspec
import pytest

from common.flink.property_groups import ConfigError
from contracts import topics
from contracts.fixed_topics import SESSIONS, enriched_name
from contracts.sessions.records import SessionRecord
from deploy.jobs import LAKE
from lake.config import Config, LakeConfig, load
from lake.sql import insert, sink, source
from lake.tables import events, session_records, written

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
        ({"path": "file:///lake", "purposes": ""}, "lake: .*nothing to write"),
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
    table = events(config.lake.purposes)
    assert f"'{topics.ANALYTICS.name};{enriched_name('fraud')}'" in source(config.kafka, config.lake, table)
    assert "'file:///it''s'" in sink(config.lake, table)


def test_sessions_are_off_unless_they_are_wanted(tmp_path: Path) -> None:
    groups = {"kafka": {"bootstrap.servers": "b:1"}, "lake": {"path": "file:///lake"}}
    assert not load(_write(tmp_path / "p.json", **groups)).lake.sessions
    assert load(_write(tmp_path / "p.json", **groups | {"lake": groups["lake"] | {"sessions": "true"}})).lake.sessions
    assert load(LAKE.container.properties).lake.sessions
    assert [table.sink for table in written(load(LAKE.container.properties).lake)] == ["lake", "lake_sessions"]
    assert [table.sink for table in written(load(REFERENCE).lake)] == ["lake"]
    alone = LakeConfig(path="file:///lake", purposes="", sessions=True)
    assert [table.sink for table in written(alone)] == ["lake_sessions"]


@pytest.mark.parametrize("path", ["file:///lake", "file:///lake/"])
def test_sessions_have_a_folder_of_their_own_and_every_field(tmp_path: Path, path: str) -> None:
    config = load(_write(tmp_path / "p.json", kafka={"bootstrap.servers": "b:1"}, lake={"path": path}))
    table = session_records()
    assert f"'topic' = '{SESSIONS.name}'" in source(config.kafka, config.lake, table)
    assert "'file:///lake/sessions'" in sink(config.lake, table)
    assert "PARTITIONED BY (`day`, `hour`)" in sink(config.lake, table)
    text = insert(table)
    for field in msgspec.structs.fields(SessionRecord):
        assert f"`{field.name}`" in text
    # A record leaves these out where they are 0 or false, and the row must not say that they are unknown.
    assert "COALESCE(`delta_orders`, CAST('0' AS BIGINT))" in text
    assert "COALESCE(`is_bounce`, CAST('False' AS BOOLEAN))" in text
    assert "COALESCE(`order_value`, CAST('0.0' AS DOUBLE))" in text
    assert "COALESCE" not in insert(events("analytics"))
