"""The event of a request has the fields that the job would give it."""

import msgspec
import pytest

from contracts.events.enriched import EventFields
from contracts.events.raw import Attributes
from contracts.security.risk import RiskEvent
from core.flat_event import FlatEvent
from core.flatten import flatten
from core.risk.security_event import SecurityEvent
from lookup_service.endpoints.risk import event_fields

NOW, AT = 1_790_000_000_500, 1_790_000_000_000
FULL = RiskEvent(
    event_name="listing_create",
    event_id="event-0001",
    collector_tstamp=AT,
    platform="web",
    app_id="marketplace",
    app_version="1.2",
    user_id="u1",
    domain_userid="b1",
    domain_sessionid="s1",
    user_ipaddress="::ffff:81.2.69.142",
    useragent="Mozilla/5.0",
    page_url="https://shop.example/a",
    br_lang="en",
    os_timezone="Europe/London",
    dvce_screenwidth=100,
    dvce_screenheight=50,
    attributes=Attributes(
        listing_id="l1",
        category="cars",
        order_id="o1",
        price=5.0,
        currency="EUR",
        http_method="GET",
        http_status=200,
        http_bytes=5,
        auth_outcome="success",
        auth_reason="none",
        auth_method="password",
        auth_mfa="passed",
        device_id="d1",
        email_domain="example.org",
        client_hint_ua="x",
        client_hint_platform="Linux",
        client_hint_mobile=False,
        listing_text_hash="0" * 16,
        listing_image_hash="1" * 16,
        listing_has_contact=True,
        listing_has_link=False,
        listing_price_ratio=0.5,
    ),
)
ODD = msgspec.structs.replace(FULL, user_ipaddress="not an address", attributes=Attributes())


def of_the_job(event: RiskEvent) -> EventFields:
    sent = msgspec.to_builtins(event)
    names = ("user_id", "domain_userid", "domain_sessionid", "user_ipaddress", "useragent")
    raw = {
        "schema": "clickstream.raw/1",
        **{name: sent.pop(name) for name in ("event_id", "event_name", "platform")},
        "actor": {name: sent.pop(name) for name in names},
        "times": {"dvce_created_tstamp": sent.pop("collector_tstamp")},
        "attributes": sent.pop("attributes", {}),
        "context": sent,
    }
    found = flatten(msgspec.json.encode(raw), AT, NOW)
    assert isinstance(found, FlatEvent)
    return found.fields


@pytest.mark.parametrize("event", [FULL, ODD], ids=["full", "odd address"])
def test_the_fields_are_those_of_the_job(event: RiskEvent) -> None:
    expected, found = of_the_job(event), event_fields(event, NOW)
    names = {*EventFields.__struct_fields__} - {"unstruct_event", "field_errors"}
    assert {name: getattr(found, name) for name in names} == {name: getattr(expected, name) for name in names}


def test_the_full_event_has_every_field_that_a_rule_can_ask_for_and_that_is_sent() -> None:
    """So that a field which is added to the raw event is not forgotten in the request."""
    found = event_fields(FULL, NOW)
    asked = {*SecurityEvent.__struct_fields__} & {*EventFields.__struct_fields__}
    assert [name for name in sorted(asked) if getattr(found, name) is None] == []


def test_what_is_absent_is_made_up_once_for_each_request() -> None:
    bare = RiskEvent(event_name="sign_in")
    first, second = event_fields(bare, NOW), event_fields(bare, NOW)
    assert first.collector_tstamp == NOW
    assert first.event_id != second.event_id
    assert first.user_ipaddress is None
