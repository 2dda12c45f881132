"""The file of features: what is read of it, and what is said where it is wrong."""

from pathlib import Path
from typing import Any

import pytest

from core.features.declarations.load import load_features
from core.features.model import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, FeatureProblem, FeatureSet, Window
from core.features.source_events import BehaviourEvent

SHIPPED = Path(__file__).parents[4] / "deploy" / "features.yaml"
ENTITIES = """
entities:
  - {name: browser, source: behaviour, key: domain_userid, ttl: 30d}
  - {name: session, source: behaviour, key: domain_userid, ttl: 2d}
  - {name: seller, source: behaviour, key: listing_seller_id, ttl: 7d}
  - {name: account, source: security, key: user_id, ttl: 7d}
features:
"""
VIEWS = """
  - name: views
    entity: browser
    version: 1
    description: Views.
    filter: event_name == 'listing_view'
    aggregation: count
    windows: [1m, 1h, 24h, 7d, session, lifetime]
"""
_SMALLEST: dict[str, Any] = {
    "name": "x",
    "entity": "browser",
    "version": 1,
    "description": "X.",
    "aggregation": "count",
    "windows": "[1h]",
}


def _one(**changes: object) -> str:
    """A file with one feature."""
    parts = {key: value for key, value in {**_SMALLEST, **changes}.items() if value is not None}
    return ENTITIES + "  - " + "\n    ".join(f"{key}: {value}" for key, value in parts.items()) + "\n"


def loaded(text: str) -> FeatureSet:
    found = load_features(text)
    assert isinstance(found, FeatureSet), found
    return found


def _problems(text: str) -> tuple[FeatureProblem, ...]:
    found = load_features(text)
    assert not isinstance(found, FeatureSet)
    return found


def test_a_feature_with_all_its_windows() -> None:
    found = loaded(ENTITIES + VIEWS)
    [feature] = found.features
    assert feature.windows == (
        Window("1m", MINUTE_MS, SECOND_MS),
        Window("1h", HOUR_MS, MINUTE_MS),
        Window("24h", DAY_MS, 15 * MINUTE_MS),
        Window("7d", 7 * DAY_MS, 2 * HOUR_MS),
        Window("session", 0, MINUTE_MS),
        Window("lifetime", 0, 0),
    )
    assert list(found.by_value_name)[:2] == ["browser__views__1m", "browser__views__1h"]
    assert feature.event_names == frozenset({"listing_view"})
    assert feature.filter is not None
    assert feature.filter(BehaviourEvent("e", "listing_view", 1, 1))
    assert not feature.filter(BehaviourEvent("e", "like", 1, 1))
    assert (found.counts_bots, found.session_idle_ms) == (False, 30 * MINUTE_MS)


def test_the_shipped_file_is_right_and_idle_as_the_jobs_sessions() -> None:
    found = loaded(SHIPPED.read_text())
    assert {each.entity for each in found.features} == set(found.entities)
    assert "browser__last_listings__lifetime" in found.by_value_name
    assert all(not each.filter_text or each.filter is not None for each in found.features)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"entity": "house"}, "entity is 'house'; known are browser, session, seller, account"),
        ({"name": "Views"}, "a feature's name is 'Views'"),
        ({"aggregation": "median"}, "aggregation is 'median'"),
        ({"windows": "[1x]"}, "window '1x'"),
        ({"windows": "[31d]"}, "window '31d'"),
        ({"windows": "[5s]"}, "window '5s'"),
        ({"windows": "[]"}, "windows is empty"),
        ({"windows": "[1h, 1h]"}, "windows names one twice"),
        ({"entity": "seller", "windows": "[session]"}, "seller has no session"),
        ({"entity": "session", "windows": "[1h]"}, "a session's features have the window session"),
        ({"filter": "event_name = 'x'"}, "filter: column"),
        ({"filter": "colour == 'red'"}, "colour"),
        ({"filter": "price"}, "filter: column"),
        ({"value": "price"}, "count has no value"),
        ({"aggregation": "sum"}, "sum needs a value"),
        ({"aggregation": "sum", "value": "category"}, "sum cannot take category, which is of type string"),
        ({"aggregation": "sum", "value": "colour"}, "events of behaviour have no 'colour'"),
        ({"aggregation": "last", "value": "page_url"}, "page_url is never kept"),
        ({"entity": "account", "aggregation": "last", "value": "user_ipaddress"}, "user_ipaddress is never kept"),
        ({"aggregation": "last_n", "value": "brand"}, "last_n needs n"),
        ({"aggregation": "last_n", "value": "brand", "n": 101}, "n must be a whole number from 1 to 100"),
        ({"n": 3}, "only last_n has n"),
        ({"aggregation": "last_n", "value": "price", "n": 3}, "last_n cannot take price"),
        ({"aggregation": "last", "value": "brand", "bands": "[1, 2]"}, "brand is no number"),
        ({"aggregation": "last", "value": "price", "bands": "[2, 1]"}, "the limits of bands must rise"),
        ({"aggregation": "ratio", "of": "x", "to": "y"}, "x is no count or sum of browser"),
        ({"aggregation": "ratio", "of": "x", "to": "y", "filter": "true"}, "a ratio has no filter"),
        ({"key": "user_id"}, "browser is kept by visitor"),
        ({"entity": "seller", "key": "colour"}, "events of behaviour have no 'colour'"),
        ({"version": 0}, "version must be a whole number from 1"),
        ({"description": None}, "a feature has no description"),
        ({"colour": "red"}, "unknown key 'colour'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(changes: dict[str, object], reason: str) -> None:
    problems = _problems(_one(**changes))
    assert reason in problems[0].reason
    assert problems[0].line >= 8


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it must be one document and has 0"),
        ("a: 1\n---\nb: 2\n", "it must be one document and has 2"),
        ("[1", "not YAML"),
        ("entities: []\nfeatures: []\n", "features is empty"),
        (ENTITIES, "features must be a list"),
        ("bots: maybe\n" + _one(), "bots is 'maybe'"),
        ("session_idle: 1s\n" + _one(), "session_idle must be a duration"),
        (_one().replace("key: domain_userid", "key: user_id"), "browser is kept by visitor"),
        (
            _one().replace(
                "seller, source: behaviour, key: listing_seller_id", "browser, source: behaviour, key: domain_userid"
            ),
            "the entity browser is there twice",
        ),
        (_one() + VIEWS + VIEWS, "browser has a feature views already"),
    ],
)
def test_what_is_wrong_with_the_whole_file(text: str, reason: str) -> None:
    assert any(reason in problem.reason for problem in _problems(text)), _problems(text)


def test_every_feature_that_is_wrong_is_told() -> None:
    text = _one(windows="[1x]") + VIEWS + VIEWS.replace("count", "median").replace("name: views", "name: other")
    assert [problem.line for problem in _problems(text)] == sorted({problem.line for problem in _problems(text)})
    assert len(_problems(text)) == 2


def test_the_version_is_one_of_the_meaning() -> None:
    first = loaded(ENTITIES + VIEWS)
    described = loaded("# a comment\n" + ENTITIES + VIEWS.replace("Views.", "Listings viewed."))
    other = loaded(ENTITIES + VIEWS.replace("1m, ", ""))
    assert first.version == described.version
    assert first.version != other.version
    assert first.features[0].id == other.features[0].id, "another window reads the same tiles"
    newer = loaded(ENTITIES + VIEWS.replace("version: 1", "version: 2"))
    assert newer.features[0].id != first.features[0].id


def test_a_ratio_needs_the_windows_of_its_parts() -> None:
    parts = VIEWS.replace("name: views", "name: likes").replace("[1m, 1h, 24h, 7d, session, lifetime]", "[1h]") + VIEWS
    ratio = """
  - {name: rate, entity: browser, version: 1, description: R., aggregation: ratio, of: likes, to: views, windows: [W]}
"""
    assert loaded(ENTITIES + parts + ratio.replace("W", "1h")).features[-1].value_type == "double"
    [problem] = _problems(ENTITIES + parts + ratio.replace("W", "24h"))
    assert problem.reason == "likes has no window 24h"
