"""The property file of the job, and the folder of its rules."""

from pathlib import Path

import msgspec
import pytest

from applications.account_security.config import Config, load, read_rules
from common.flink.property_groups import ConfigError, Groups, changed, read, write
from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import RuleSet
from deploy.jobs import ACCOUNT_SECURITY
from local_stack.jobs import RULES


def _load(tmp_path: Path, changes: Groups) -> Config:
    return load(write(tmp_path / "properties.json", changed(read(ACCOUNT_SECURITY.reference), changes)))


def test_the_reference_has_every_key_and_no_other_and_the_defaults() -> None:
    config, groups = load(ACCOUNT_SECURITY.reference), read(ACCOUNT_SECURITY.reference)
    assert set(groups) == set(Config.__struct_fields__)
    for name in ("job", "rules", "logs", "risk", "sink"):
        group = getattr(config, name)
        assert set(groups[name]) == {field.encode_name for field in msgspec.structs.fields(type(group))}
        assert group == type(group)()


def test_the_limits_of_what_is_kept_are_those_of_the_file(tmp_path: Path) -> None:
    logs = {"facet.events": "7", "facet.lateness.ms": "8", "subject.events": "9", "subject.flow.events": "10"}
    config = _load(tmp_path, {"logs": logs, "rules": {"rule.budget.us": "11"}})
    facets, subjects = config.logs.of_facets(), config.logs.of_subjects()
    assert (facets.events, facets.lateness_ms) == (7, 8)
    assert (subjects.kept_events, subjects.flow_events) == (9, 10)
    assert config.rules.budget().median_us == 11


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"job": {"state.days": "89"}}, "state.days"),
        ({"logs": {"labelled.ms": "1000"}}, "labelled.ms"),
        ({"rules": {"changes": "sometimes"}}, "changes"),
        ({"risk": {"redis.url": "http://cache"}}, "redis.url"),
        ({"risk": {"ttl.s": "8639999"}}, "ttl.s"),
        ({"riks": {}}, "riks"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, changes: Groups, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        _load(tmp_path, changes)


def test_rules_are_found_beside_the_properties_or_the_program(tmp_path: Path) -> None:
    config = _load(tmp_path, {})
    with pytest.raises(ConfigError, match="neither beside"):
        read_rules(config, tmp_path / "properties.json", tmp_path / "program")
    (tmp_path / "program" / "rules").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"rules: path: .*: no rule file"):
        read_rules(config, tmp_path / "properties.json", tmp_path / "program")
    (tmp_path / "program" / "rules" / "b.yml").write_text("b")
    (tmp_path / "program" / "rules" / "a.yaml").write_text("a")
    (tmp_path / "program" / "rules" / "README.md").write_text("no rules")
    assert read_rules(config, tmp_path / "properties.json", tmp_path / "program") == {"a.yaml": "a", "b.yml": "b"}
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "c.yml").write_text("c")
    assert read_rules(config, tmp_path / "properties.json", tmp_path / "program") == {"c.yml": "c"}


def test_the_shipped_rules_can_be_used(tmp_path: Path) -> None:
    files = read_rules(_load(tmp_path, {"rules": {"path": str(RULES)}}), tmp_path / "properties.json")
    assert isinstance(load_rules(files), RuleSet)
