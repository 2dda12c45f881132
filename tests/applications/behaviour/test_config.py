"""The property file of the job."""

from pathlib import Path

import msgspec
import pytest

from applications.behaviour.config import Config, load
from common.flink.property_groups import ConfigError, Groups, changed, read, write
from deploy.jobs import BEHAVIOUR


def _load(tmp_path: Path, changes: Groups) -> Config:
    return load(write(tmp_path / "properties.json", changed(read(BEHAVIOUR.reference), changes)))


def test_the_reference_has_every_key_and_no_other() -> None:
    config = load(BEHAVIOUR.reference)
    groups = read(BEHAVIOUR.reference)
    assert list(groups) and set(groups) == set(Config.__struct_fields__)
    for name in ("job", "sessions", "features", "privacy", "sink"):
        known = {field.encode_name for field in msgspec.structs.fields(type(getattr(config, name)))}
        assert set(groups[name]) == known


def test_the_reference_has_the_defaults() -> None:
    config = load(BEHAVIOUR.reference)
    for group in (config.job, config.sessions, config.features, config.privacy, config.sink):
        assert group == type(group)()


def test_the_rules_and_limits_are_those_of_the_file(tmp_path: Path) -> None:
    changes = {
        "idle.ms": "1000",
        "cap.ms": "2000",
        "most.events": "30",
        "midnight.zone": "Europe/Vienna",
        "split.by.campaign": "true",
        "update.ms": "4",
        "lateness.ms": "5000",
        "most.kept": "60",
    }
    sessions = _load(tmp_path, {"sessions": changes}).sessions
    rules, limits = sessions.rules(), sessions.limits()
    assert (rules.idle_ms, rules.cap_ms, rules.most_events, rules.by_campaign) == (1000, 2000, 30, True)
    assert str(rules.midnight) == "Europe/Vienna"
    assert (limits.update_ms, limits.lateness_ms, limits.most_kept) == (4, 5000, 60)


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "/etc/passwd", "../UTC", "Europe"])
def test_an_unknown_zone_is_refused(tmp_path: Path, zone: str) -> None:
    with pytest.raises(ConfigError, match=r"time zone .* at `midnight\.zone`"):
        _load(tmp_path, {"sessions": {"midnight.zone": zone}})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"most.events": "100", "most.kept": "99"}, r"`most\.events` at least - at `most\.kept`"),
        ({"idle.ms": "100", "lateness.ms": "99"}, r"`idle\.ms` at least - at `lateness\.ms`"),
        ({"idle.ms": "0"}, r"sessions: .*idle\.ms"),
        ({"idle.minutes": "30"}, r"sessions: .*idle\.minutes"),
    ],
)
def test_what_cannot_work_is_refused_by_its_key(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        _load(tmp_path, {"sessions": changes})


def test_the_limits_themselves_are_allowed(tmp_path: Path) -> None:
    changes = {"most.events": "100", "most.kept": "100", "idle.ms": "100", "lateness.ms": "100"}
    assert _load(tmp_path, {"sessions": changes}).sessions.most_kept == 100


def test_an_unknown_group_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="scores"):
        _load(tmp_path, {"scores": {"a": "b"}})
