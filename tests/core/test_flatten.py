import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.addresses import read_address
from contracts.enrichments import ENRICHMENT_VERSION
from contracts.events.enriched import EventFields
from contracts.events.raw import Attributes
from core.flat_event import BadRow, FlatEvent
from core.flatten import MAX_DELAY_MS, derived_tstamp, flatten
from tests.core.samples import raw
from tests.memory import kept

COLLECTOR = 1_700_000_001_000


def _prepared(payload: bytes) -> FlatEvent:
    event = flatten(payload, COLLECTOR, COLLECTOR + 7)
    assert not isinstance(event, BadRow)
    return event


def test_every_field_has_the_value_of_its_own_name() -> None:
    """The fields are given by position, so that a change of their order has to be noticed."""
    texts = (
        *("actor.user_id", "actor.domain_userid", "actor.domain_sessionid", "actor.useragent"),
        *("context.app_id", "context.app_version", "context.page_url", "context.page_title", "context.page_referrer"),
        *("context.br_lang", "context.os_timezone", "attributes.listing_id", "attributes.category"),
        *("attributes.search_terms", "attributes.order_id", "attributes.device_id"),
        *("attributes.client_hint_ua", "attributes.client_hint_platform"),
    )
    numbers = ("context.dvce_screenwidth", "context.dvce_screenheight", "attributes.quantity", "attributes.http_bytes")
    sent: dict[str, object] = {path: f"the {path}" for path in texts}
    sent |= {path: 1_000 + number for number, path in enumerate(numbers)}
    sent |= {"event_name": "checkout", "platform": "srv", "context.consent": True, "attributes.price": 1.5}
    sent |= {
        "attributes.http_method": "PATCH",
        "attributes.currency": "SEK",
        "attributes.http_status": 418,
        "actor.user_ipaddress": "81.2.69.142",
        "attributes.auth_outcome": "failure",
        "attributes.auth_reason": "wrong_password",
        "attributes.auth_method": "passkey",
        "attributes.auth_mfa": "skipped",
        "attributes.email_domain": "mail.example.org",
        "attributes.client_hint_mobile": True,
        "attributes.listing_text_hash": "0123456789abcdef",
        "attributes.listing_image_hash": "fedcba9876543210",
        "attributes.listing_has_contact": False,
        "attributes.listing_has_link": True,
        "attributes.listing_price_ratio": 0.25,
        "attributes.brand": "Gazelle",
    }
    assert {f"attributes.{name}" for name in Attributes.__struct_fields__} <= sent.keys()
    fields = _prepared(raw(sent)).fields
    found = {path: getattr(fields, path.rpartition(".")[2]) for path in sent}
    assert found == sent
    assert fields.__struct_fields__ == EventFields.__struct_fields__
    assert (fields.field_errors, fields.etl_version) == (None, ENRICHMENT_VERSION)
    assert json.loads(fields.unstruct_event or "")["price"] == 1.5


def test_fields_are_flat_and_carry_every_time() -> None:
    fields = json.loads(msgspec.json.encode(_prepared(raw()).fields))
    assert not [name for name, value in fields.items() if isinstance(value, dict | list)]
    assert fields["collector_tstamp"] == COLLECTOR
    assert fields["etl_tstamp"] == COLLECTOR + 7
    assert fields["derived_tstamp"] == COLLECTOR - 250
    assert fields["dvce_created_tstamp"] == 1_700_000_000_000
    assert json.loads(fields["unstruct_event"])["extra"] == {"deep": [1, 2]}


@pytest.mark.slow
def test_an_address_is_remembered_by_its_reader_alone() -> None:
    most = 10_000
    by_reader = kept(read_address, (f"100.{number >> 8}.{number & 255}.1" for number in range(most)))
    payload = raw({"actor.user_ipaddress": "ADDRESS"})
    texts = (f"101.{number >> 8}.{number & 255}.1" for number in range(most))
    assert kept(lambda text: flatten(payload.replace(b"ADDRESS", text.encode()), 0, 0), texts) < 1.5 * by_reader


NOW = 1_700_000_000_000
YEAR = 365 * 24 * 3_600_000


@pytest.mark.parametrize(
    ("created", "sent", "expected"),
    [
        (1000, 1250, NOW - 250),
        (1000, 1000, NOW),
        (1000, None, NOW),
        (2000, 1000, NOW),
        (NOW - YEAR, NOW, NOW - YEAR),
        (NOW - MAX_DELAY_MS, NOW, NOW - MAX_DELAY_MS),
        (NOW - MAX_DELAY_MS - 1, NOW, NOW),
        (5000, NOW, NOW),
        (946_684_800_000, NOW, NOW),
        (5000, 5750, NOW - 750),
    ],
)
def test_derived_time_takes_the_device_clock_out(created: int, sent: int | None, expected: int) -> None:
    assert derived_tstamp(created, sent, NOW) == expected


def test_derived_time_is_never_before_1970() -> None:
    assert derived_tstamp(0, 50_000, 10_000) == 0


@given(*[st.integers(0, 4_102_444_799_999)] * 3)
def test_derived_time_is_never_after_the_collectors(created: int, sent: int, collector: int) -> None:
    assert max(0, collector - MAX_DELAY_MS) <= derived_tstamp(created, sent, collector) <= collector
