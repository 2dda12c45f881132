from pathlib import Path

import msgspec
import pytest

from contracts import topics
from contracts.purposes.load import REFERENCE, load_purposes
from contracts.purposes.model import DEFAULT_KEY
from contracts.purposes.typed_views import purpose_type
from contracts.purposes.yaml_nodes import PolicyError

VALID = """\
purposes:
  - name: analytics
    topic: clickstream.enriched.analytics.v1
    events: all
    required: [geo]
    fields:
      event_id: keep
      event_name: keep
      collector_tstamp: keep
      user_id: pseudonymise
      price: drop
      geo_latitude: truncate
  - name: orders
    topic: clickstream.enriched.orders.v1
    events: [order, checkout]
    consent: not_needed
    fields: {event_id: keep, event_name: keep, collector_tstamp: keep, user_ipaddress: encrypt}
"""


def _file(tmp_path: Path, content: str) -> Path:
    file = tmp_path / "purposes.yaml"
    file.write_text(content)
    return file


def test_the_reference_policy_has_the_topics_of_the_table() -> None:
    purposes = load_purposes(REFERENCE)
    assert [purpose.name for purpose in purposes] == ["analytics", "security", "personalization", "behaviour"]
    assert [purpose.topic for purpose in purposes] == [
        topics.ANALYTICS.name, topics.SECURITY.name, topics.PERSONALIZATION.name, topics.BEHAVIOUR_EVENTS.name,
    ]  # fmt: skip
    analytics, security, personalization, behaviour = (purpose.actions() for purpose in purposes)
    for name in ("useragent", "page_title", "search_terms", "unstruct_event", "mkt_clickid", "listing_seller_id"):
        assert name not in analytics
    assert {analytics[name] for name in ("user_id", "domain_userid", "domain_sessionid")} == {"pseudonymise"}
    assert security["user_ipaddress"] == "keep"
    assert personalization["user_id"] == "keep"
    assert not {"user_ipaddress", "useragent", "unstruct_event"} & set(personalization)
    assert {behaviour[name] for name in ("user_id", "domain_userid", "domain_sessionid")} == {"keep"}
    assert not {"user_ipaddress", "useragent", "unstruct_event"} & set(behaviour)
    assert behaviour["search_terms"] == "keep"


def test_the_purpose_behaviour_has_every_event_that_is_consented_to_and_is_keyed_by_the_browser() -> None:
    by_name = {purpose.name: purpose for purpose in load_purposes(REFERENCE)}
    behaviour = by_name.pop("behaviour")
    assert (behaviour.events, behaviour.consent, behaviour.key) == (None, "needed", ("domain_userid", "user_id"))
    assert {purpose.key for purpose in by_name.values()} == {("user_id", "domain_userid")}


def test_a_key_has_the_order_of_the_file_and_by_default_the_account_comes_first(tmp_path: Path) -> None:
    key = "key: [domain_userid, user_id, domain_sessionid]"
    first, second = load_purposes(_file(tmp_path, VALID.replace("consent: not_needed", key)))
    assert first.key == DEFAULT_KEY == ("user_id", "domain_userid")
    assert second.key == ("domain_userid", "user_id", "domain_sessionid")


def test_an_events_id_may_be_a_pseudonym_and_nothing_else(tmp_path: Path) -> None:
    first, second = load_purposes(_file(tmp_path, VALID.replace("event_id: keep", "event_id: pseudonymise", 1)))
    assert (first.has_event_pseudonyms, second.has_event_pseudonyms) == (True, False)
    assert "event_id" in purpose_type(first).__struct_fields__
    assert any(field.required and field.name == "event_id" for field in msgspec.structs.fields(purpose_type(first)))
    for action in ("drop", "truncate", "encrypt"):
        with pytest.raises(PolicyError, match="line 7: event_id must be kept"):
            load_purposes(_file(tmp_path, VALID.replace("event_id: keep", f"event_id: {action}", 1)))


def test_what_is_not_named_or_dropped_is_not_there(tmp_path: Path) -> None:
    first, second = load_purposes(_file(tmp_path, VALID))
    assert first.fields == (
        ("event_id", "keep"), ("event_name", "keep"), ("collector_tstamp", "keep"), ("user_id", "pseudonymise"),
        ("geo_latitude", "truncate"),
    )  # fmt: skip
    assert (first.events, first.required, first.consent) == (None, frozenset({"geo"}), "needed")
    assert second.events == frozenset({"order", "checkout"})
    assert (second.required, second.consent) == (frozenset(), "not_needed")


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("price: drop", "prize: drop", 11, "unknown field 'prize'"),
        ("price: drop", "price: hide", 11, "unknown action 'hide'"),
        ("price: drop", "price: truncate", 11, "price cannot be truncated"),
        ("price: drop", "price: pseudonymise", 11, "price cannot be pseudonymised"),
        ("price: drop", "price: [drop]", 11, "an action must be a text"),
        ("price: drop", "user_id: keep", 11, "'user_id' is there twice"),
        ("geo_latitude: truncate", "geo_latitude: encrypt", 12, "cannot be encrypted"),
        ("event_id: keep", "event_id: drop", 7, "event_id must be kept"),
        ("      event_id: keep\n", "", 7, "purpose 'analytics' must keep event_id"),
        ("    topic: clickstream.enriched.analytics.v1\n", "", 2, "purpose 'analytics' has no topic"),
        ("topic: clickstream.enriched.orders.v1", "topic: clickstream.enriched.analytics.v1", 13, "have one topic"),
        ("topic: clickstream.enriched.orders.v1", "topic: clickstream.raw.v1", 14, "a topic must look like"),
        ("name: orders", "name: analytics", 13, "two purposes are named 'analytics'"),
        ("[order, checkout]", "[order, Check-Out]", 15, "an event's name must look like"),
        ("[order, checkout]", "some", 15, "events must be 'all' or a list"),
        ("[order, checkout]", "[]", 15, "events must not be empty"),
        ("required: [geo]", "required: [geo, weather]", 5, "unknown enrichment 'weather'"),
        ("consent: not_needed", "consent: maybe", 16, "consent must be needed or not_needed"),
        ("consent: not_needed", "retention: 5", 16, "unknown key 'retention' of a purpose"),
        ("consent: not_needed", "retention_days: 0", 16, "retention_days must be a number of days from 1 to 9999"),
        ("consent: not_needed", "retention_days: 1.5", 16, "retention_days must be a number of days from 1 to 9999"),
        ("consent: not_needed", "about: [a]", 16, "about must be a text"),
        ("consent: not_needed", "key: [user_id, price]", 16, "a key is made of user_id, domain_userid, "),
        ("consent: not_needed", "key: [event_id]", 16, "not of 'event_id'"),
        ("consent: not_needed", "key: []", 16, "key must not be empty"),
        ("consent: not_needed", "key: user_id", 16, "key must be a list"),
        ("consent: not_needed", "key: [[user_id]]", 16, "a field of the key must be a text"),
        ("events: all", "events: {all", 5, "not YAML"),
        ("purposes:", "porpoises:", 1, "unknown key 'porpoises' of the policy"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, reason: str) -> None:
    assert old in VALID
    with pytest.raises(PolicyError) as caught:
        load_purposes(_file(tmp_path, VALID.replace(old, new, 1)))
    assert str(caught.value).startswith(f"purposes.yaml: line {line}: ")
    assert reason in str(caught.value)


@pytest.mark.parametrize("content", ["", "purposes: []", "purposes: {}", "- a", "\x00"])
def test_a_file_without_purposes_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(PolicyError, match=r"purposes\.yaml"):
        load_purposes(_file(tmp_path, content))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"none\.yaml: No such file"):
        load_purposes(tmp_path / "none.yaml")
