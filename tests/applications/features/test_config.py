"""The property file of the job, and the file of features that it names."""

from pathlib import Path

import msgspec
import pytest

from applications.features.config import Config, load
from applications.features.feature_file import features_of, problems_of, read_features
from common.flink.property_groups import ConfigError, Groups, changed, read, write
from deploy.jobs import FEATURES
from deploy.paths import FEATURES_FILE


def test_the_reference_has_every_key_and_no_other_and_the_defaults() -> None:
    config, groups = load(FEATURES.reference), read(FEATURES.reference)
    assert set(groups) == set(Config.__struct_fields__)
    for name in ("job", "features", "sink"):
        group = getattr(config, name)
        assert set(groups[name]) == {field.encode_name for field in msgspec.structs.fields(type(group))}
        assert group == type(group)()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"features": {"publish.ms": "-1"}}, "publish.ms"),
        ({"features": {"redis.url": "http://cache"}}, "redis.url"),
        ({"job": {"start": "sometimes"}}, "start"),
        ({"job": {"mirrored.entities": "0"}}, "mirrored.entities"),
        ({"feature": {}}, "feature"),
    ],
)
def test_a_wrong_property_is_named(tmp_path: Path, changes: Groups, reason: str) -> None:
    properties = write(tmp_path / "properties.json", changed(read(FEATURES.reference), changes))
    with pytest.raises(ConfigError, match=reason):
        load(properties)


def test_the_file_is_beside_the_properties_or_the_program_or_absolute(tmp_path: Path) -> None:
    beside, program = tmp_path / "a", tmp_path / "b"
    for folder in (beside, program):
        folder.mkdir()
        (folder / "features.yaml").write_text(folder.name)
    properties = beside / "properties.json"
    assert read_features("features.yaml", properties, program) == "a"
    assert read_features("features.yaml", tmp_path / "properties.json", program) == "b"
    assert read_features(str(FEATURES_FILE), properties) == FEATURES_FILE.read_text()
    with pytest.raises(ConfigError, match=r"other\.yaml"):
        read_features("other.yaml", properties, program)
    (beside / "features.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_features("features.yaml", properties)


def test_the_shipped_file_has_no_problem_and_another_has_all_of_its(tmp_path: Path) -> None:
    text = FEATURES_FILE.read_text()
    assert not problems_of(text)
    wrong = text.replace("aggregation: count", "aggregation: counter", 2)
    assert len(problems_of(wrong)) >= 2
    with pytest.raises(ValueError, match="line"):
        features_of(wrong)
