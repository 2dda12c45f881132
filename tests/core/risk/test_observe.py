"""What is kept of an event, whose log it goes to, and which facets are asked."""

from hashlib import blake2b
from typing import Any

import msgspec
import pytest

from core.risk.observation import PLACE, ValueField, digest
from core.risk.observe import observe
from core.risk.rules.facet_keys import facet_of_key
from core.risk.security_event import FLOWS, SecurityEvent
from tests.core.risk.rules.rule_texts import correlation, loaded, rule

_FAILED = rule("failed", "event_name == 'sign_in' && auth_outcome == 'failure'")
_RULES = loaded(
    _FAILED,
    rule("sign_in_succeeded", "event_name == 'sign_in' && auth_outcome == 'success'"),
    rule("listed", "event_name == 'listing_create'"),
    correlation("one_address", "failed") + "exclusions:\n  - name: own\n    condition: app_id == 'own'\n",
    correlation("more", "one_address"),
    correlation("device_and_country", "failed", group="device_id, geo_country"),
    correlation("texts", "listed", group="listing_text_hash"),
    correlation("account", "failed", group="user_id"),
)


def _event(name: str = "sign_in", /, **fields: Any) -> SecurityEvent:  # noqa: ANN401  # the fields' types
    known = {"event_id": "event-01", "event_name": name, "collector_tstamp": 17, **fields}
    return SecurityEvent(**known)


def _value(event: SecurityEvent, field: ValueField) -> int | None:
    observed = observe(event, _RULES)
    assert observed is not None
    return observed.values[PLACE[field]]


@pytest.mark.parametrize("name", FLOWS)
def test_an_event_of_a_flow_is_observed(name: str) -> None:
    observed = observe(_event(name), _RULES)

    assert observed is not None
    assert (observed.flow, observed.at, observed.event_id) == (FLOWS[name], 17, "event-01")


def test_another_event_is_not() -> None:
    assert observe(_event("page_view"), _RULES) is None


@pytest.mark.parametrize(
    ("fields", "subject"),
    [
        ({"user_id": "u", "domain_userid": "b", "device_id": "d"}, "user:u"),
        ({"domain_userid": "b", "device_id": "d"}, "browser:b"),
        ({"device_id": "d", "user_ipaddress": "203.0.113.1"}, "device:d"),
        ({"user_ipaddress": "203.0.113.1"}, "event:event-01"),
    ],
)
def test_the_subject(fields: dict[str, Any], subject: str) -> None:
    observed = observe(_event(**fields), _RULES)

    assert observed is not None
    kind, _, name = subject.partition(":")
    assert (observed.subject_kind, observed.subject_id) == (kind, name)
    assert observed.subject_key == blake2b(subject.encode(), digest_size=16).hexdigest()


def test_values() -> None:
    assert _value(_event(user_id="u"), "user_id") == digest("u")
    assert _value(_event(as_number=3320), "as_number") == 3320
    assert _value(_event(listing_text_hash="00000000000000ff"), "listing_text_hash") == 255
    assert _value(_event(listing_text_hash="zz000000000000ff"), "listing_text_hash") is None
    assert _value(_event(listing_text_hash="ff"), "listing_text_hash") is None
    assert _value(_event(listing_text_hash="0" * 16), "listing_text_hash") is None, "a text without words"
    assert _value(_event(listing_image_hash="0" * 16), "listing_image_hash") is None, "a blank image"
    assert _value(_event(), "user_ipaddress") is None
    assert _value(_event(user_ipaddress=""), "user_ipaddress") is None


def test_a_client_is_told_from_another_by_each_of_its_parts() -> None:
    base = {"useragent": "Mozilla/5.0", "br_lang": "de"}
    others: list[dict[str, Any]] = [
        {"br_lang": "fr"},
        {"useragent": "Mozilla/4.0"},
        {"dvce_screenwidth": 100},
        {"dvce_screenheight": 100},
        {"client_hint_ua": "Chromium"},
        {"client_hint_platform": "Windows"},
        {"client_hint_mobile": False},
    ]

    clients = {
        _value(_event(**base), "client"),
        *(_value(_event(**{**base, **each}), "client") for each in others),
    }

    assert len(clients) == 1 + len(others)
    assert _value(_event(br_lang="de"), "client") is None


def test_a_place_needs_a_city() -> None:
    """A country's centre is no place to measure a journey from."""
    with_city = observe(_event(geo_city="Bonn", geo_latitude=50.7, geo_longitude=7.1), _RULES)
    without = observe(_event(geo_latitude=50.7, geo_longitude=7.1), _RULES)

    assert with_city is not None
    assert without is not None
    assert (with_city.latitude, with_city.longitude) == (50.7, 7.1)
    assert (without.latitude, without.longitude) == (None, None)


def _facets(event: SecurityEvent) -> list[str]:
    observed = observe(event, _RULES)
    assert observed is not None
    return [key.partition(":")[0] for key in _RULES.facets_of(observed)]


_ALL: dict[str, Any] = {
    **{"user_ipaddress": "203.0.113.1", "as_number": 3320, "device_id": "d", "useragent": "Mozilla/5.0"},
    **{"geo_country": "DE", "email_domain": "a.example", "listing_text_hash": "0123456789abcdef", "user_id": "u"},
}


def test_the_facets_that_have_a_rule_which_counts_the_event_are_asked() -> None:
    assert _facets(_event(auth_outcome="failure", **_ALL)) == ["address", "device"]
    assert _facets(_event(auth_outcome="failure", **_ALL | {"geo_country": None})) == ["address"]
    assert _facets(_event(auth_outcome="challenged", **_ALL)) == []
    assert _facets(_event("listing_create", **_ALL)) == ["text0", "text1", "text2", "text3"]


def test_a_facet_is_asked_while_one_of_its_rules_counts_the_event() -> None:
    """It is excluded from one_address, and more counts only what that counts; but a rule's exclusion is its own."""
    excluded = observe(_event(auth_outcome="failure", app_id="own", **_ALL), _RULES)

    assert excluded is not None
    assert excluded.excluded == ("one_address",)
    assert "address" in {facet_of_key(key) for key in _RULES.facets_of(excluded)}


def test_a_success_also_goes_where_successes_are_counted() -> None:
    assert _facets(_event(auth_outcome="success", **_ALL)) == ["address", "network", "client", "device", "site"]
    assert _facets(_event(auth_outcome="success")) == ["site"]


def test_keys_of_facets() -> None:
    observed = observe(_event("listing_create", **_ALL), _RULES)
    success = observe(_event(auth_outcome="success", **_ALL), _RULES)

    assert observed is not None
    assert success is not None
    assert list(_RULES.facets_of(observed)) == ["text0:cdef", "text1:89ab", "text2:4567", "text3:0123"]
    assert _RULES.facets_of(success)[:2] == [f"address:{digest('203.0.113.1'):016x}", "network:3320"]
    assert {facet_of_key(key) for key in _RULES.facets_of(observed)} == {"text"}
    with pytest.raises(ValueError, match="no key"):
        facet_of_key("textual:1")


def test_no_address_is_kept() -> None:
    observed = observe(_event(auth_outcome="failure", **_ALL), _RULES)

    assert b"203.0.113" not in msgspec.json.encode(observed)
