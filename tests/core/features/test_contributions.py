"""What an event tells the features."""

from typing import Any

import pytest

from core.features.contributions import Contributions
from core.features.event_values import LARGEST, band_labels, thousandths, told
from core.features.model import Ratio
from core.features.source_events import BehaviourEvent
from core.risk.security_event import SecurityEvent
from tests.core.features.samples import feature, feature_set

AT = 1_700_000_000_000


def _event(name: str = "listing_view", **rest: Any) -> BehaviourEvent:  # noqa: ANN401
    return BehaviourEvent("id", name, AT, AT, **rest)


def _told(contributions: Contributions, event: BehaviourEvent | SecurityEvent) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (entity, entity_id): {each.feature.name: each.value for each in found}
        for entity, entity_id, found in contributions.of(event)
    }


VIEWS = feature(
    "views",
    "count",
    filter=lambda event: event.event_name == "listing_view" and event.platform == "web",
    event_names=frozenset({"listing_view"}),
)
EVENTS = feature("events", "count")
PRICE = feature("price", "mean", value="price")
BAND = feature("band", "most_frequent", value="price", bands=(20, 50.5))
BRAND = feature("brand", "last", value="brand")
DEPTH = feature("depth", "count", entity="session")
SIGN_INS = feature("sign_ins", "count", entity="account")
VPN = feature("vpn", "mean", entity="account", value="ip_is_anonymous_vpn")
RATE = feature("rate", "ratio", ratio=Ratio("views", "events"))
ALL = feature_set(VIEWS, EVENTS, PRICE, BAND, BRAND, DEPTH, SIGN_INS, VPN, RATE)
OF_VISITOR = Contributions(ALL, "behaviour", ["browser", "session"])


def test_each_entity_gets_what_its_filters_let_through() -> None:
    event = _event(domain_userid="b", platform="web", price=50.5, brand="acme")
    assert _told(OF_VISITOR, event) == {
        ("browser", "b"): {"views": None, "events": None, "price": 50_500, "band": "50.5-", "brand": "acme"},
        ("session", "b"): {"depth": None},
    }
    assert _told(OF_VISITOR, _event(domain_userid="b"))["browser", "b"] == {"events": None}
    assert _told(OF_VISITOR, _event("search", domain_userid="b", platform="web"))["browser", "b"] == {"events": None}


def test_without_the_entitys_id_it_is_told_nothing() -> None:
    assert OF_VISITOR.of(_event(user_id="u")) == []
    assert OF_VISITOR.of(_event(domain_userid="")) == []


def test_only_entities_that_the_job_keeps_and_the_source_feeds() -> None:
    behaviour = Contributions(ALL, "behaviour", ["session", "account"])
    assert _told(behaviour, _event(domain_userid="b", user_id="u")) == {("session", "b"): {"depth": None}}
    security = SecurityEvent(
        event_id="i", event_name="sign_in", collector_tstamp=AT, user_id="u", ip_is_anonymous_vpn=True
    )
    account = Contributions(ALL, "security", ["account", "browser"])
    assert _told(account, security) == {("account", "u"): {"sign_ins": None, "vpn": 1_000}}


def test_crawlers_tell_nothing_unless_they_count() -> None:
    crawler = _event(domain_userid="b", user_agent_is_crawler=True)
    assert OF_VISITOR.of(crawler) == []
    counting = Contributions(feature_set(EVENTS, counts_bots=True), "behaviour", ["browser"])
    assert _told(counting, crawler) == {("browser", "b"): {"events": None}}
    assert OF_VISITOR.of(_event(domain_userid="b", user_agent_is_crawler=False)) != []


def test_an_entity_that_two_fields_name_is_told_once() -> None:
    sold = feature("sold", "count", entity="seller")
    listed = feature("listed", "count", entity="seller", key="user_id")
    contributions = Contributions(feature_set(sold, listed), "behaviour", ["seller"])
    same = contributions.of(_event(listing_seller_id="s", user_id="s"))
    assert [(entity, entity_id, len(found)) for entity, entity_id, found in same] == [("seller", "s", 2)]
    assert len(contributions.of(_event(listing_seller_id="s", user_id="t"))) == 2


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("", None),
        (None, None),
        ("x" * 128, "x" * 128),
        ("é" * 5_000, "é" * 128),
        (True, "true"),
        (False, "false"),
        (0, 0),
        (-2.5, -2_500),
        (float("nan"), None),
        (float("inf"), None),
        (float("-inf"), None),
        pytest.param(10**400, None, id="huge"),
        (1e300, None),
        (LARGEST, LARGEST * 1_000),
        (LARGEST + 1, None),
        (-LARGEST, -LARGEST * 1_000),
        (["a"], None),
    ],
)
def test_a_value_as_it_is_kept(value: object, kept: int | str | None) -> None:
    assert told(value) == kept


@pytest.mark.parametrize(
    ("value", "kept"),
    [(True, 1_000), (False, 0), ("12", None), (0.0005, 0), (0.0015, 2), (19.99, 19_990), (None, None)],
)
def test_thousandths(value: object, kept: int | None) -> None:
    assert thousandths(value) == kept


def test_what_is_only_counted_is_not_cut() -> None:
    features = feature_set(feature("n", "approx_distinct", value="page_url"), feature("l", "last", value="page_url"))
    event = _event(domain_userid="b", page_url="x" * 300)
    assert _told(Contributions(features, "behaviour", ["browser"]), event)["browser", "b"] == {
        "n": "x" * 300,
        "l": "x" * 128,
    }


def test_bands() -> None:
    assert band_labels((20, 50.0, 0.5 * 201, 1_000_000)) == ("0-20", "20-50", "50-100.5", "100.5-1000000", "1000000-")
    assert band_labels((-5, 0)) == ("--5", "-5-0", "0-")
    bands = Contributions(feature_set(BAND), "behaviour", ["browser"])
    found = {price: _told(bands, _event(domain_userid="b", price=price)) for price in (19.99, 20, float("nan"))}
    assert found[19.99] == {("browser", "b"): {"band": "0-20"}}
    assert found[20] == {("browser", "b"): {"band": "20-50.5"}}
    assert _told(bands, _event(domain_userid="b", price=float("inf"))) == {}


def test_an_attacker_s_tool_feeds_the_features_of_its_account() -> None:
    failures = feature("failures", "count", entity="account")
    of_account = Contributions(feature_set(failures), "security", ["account"])
    tool = SecurityEvent(
        event_id="e", event_name="sign_in", collector_tstamp=AT, user_id="u", user_agent_is_crawler=True
    )
    assert _told(of_account, tool) == {("account", "u"): {"failures": None}}
