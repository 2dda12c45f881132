"""What account security needs of an event is seen by the purpose security, and by no other."""

import msgspec
import pytest

from contracts.enrichments import ENRICHMENTS
from contracts.events.raw import Attributes
from contracts.purposes.load import REFERENCE, load_purposes
from core.flat_event import BadRow
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.privacy.envelopes import Envelopes
from core.privacy.key_ring import read_key_ring
from core.privacy.pseudonyms import Pseudonyms
from core.projection import Projection
from core.risk.security_event import FLOWS, SecurityEvent, read_event
from tests.core.privacy.keys import KEYS
from tests.core.samples import raw

PURPOSES = load_purposes(REFERENCE)
[SECURITY] = [purpose for purpose in PURPOSES if purpose.name == "security"]
RING = read_key_ring(KEYS)
_NAMES = Attributes.__struct_fields__
SECURITY_ONLY = _NAMES[_NAMES.index("auth_outcome") : _NAMES.index("listing_price_ratio") + 1]
"""The attributes that account security brought."""
SIGN_IN: dict[str, object] = {
    "event_name": "sign_in",
    "attributes.auth_outcome": "failure",
    "attributes.auth_reason": "wrong_password",
    "attributes.auth_method": "password",
    "attributes.auth_mfa": "none",
    "attributes.device_id": "device-of-ann",
    "attributes.email_domain": "ann.example",
    "attributes.client_hint_ua": '"Chromium";v="130"',
    "attributes.client_hint_platform": '"Windows"',
    "attributes.client_hint_mobile": False,
    "attributes.listing_text_hash": "0123456789abcdef",
    "attributes.listing_image_hash": "fedcba9876543210",
    "attributes.listing_has_contact": False,
    "attributes.listing_has_link": True,
    "attributes.listing_price_ratio": 0.25,
}


def _records(payload: bytes) -> dict[str, bytes]:
    """Purpose → the record that it would get, whichever events it takes."""
    event = flatten(payload, 1_700_000_001_000, 1_700_000_001_005)
    assert not isinstance(event, BadRow)
    builder = FragmentBuilder(PURPOSES)
    results = [builder.without_value(each.name, "missing") for each in ENRICHMENTS]
    pseudonymise = Pseudonyms(RING.epochs).at(0)
    records: dict[str, bytes] = {}
    for number, purpose in enumerate(PURPOSES):
        projection = Projection(purpose, number, Envelopes(RING.envelopes))
        _, _, value, _ = projection.record(event.fields, results, pseudonymise)
        assert value is not None
        records[purpose.name] = value
    return records


@pytest.mark.parametrize("name", SECURITY_ONLY)
def test_the_policy_gives_the_attribute_to_security_alone(name: str) -> None:
    assert [purpose.name for purpose in PURPOSES if name in purpose.actions()] == ["security"]
    assert SECURITY.actions()[name] == "keep"


def test_no_other_record_has_one_of_the_attributes_or_all_of_them_as_text() -> None:
    assert {f"attributes.{name}" for name in SECURITY_ONLY} <= SIGN_IN.keys()
    for name, record in _records(raw(SIGN_IN)).items():
        seen = msgspec.json.decode(record, type=dict[str, object]).keys() & {*SECURITY_ONLY, "unstruct_event"}
        assert seen == ({*SECURITY_ONLY, "unstruct_event"} if name == "security" else set()), name
        assert (b"ann" in record) == (name == "security")


def test_account_security_reads_the_attributes_from_its_purposes_record() -> None:
    event = read_event(_records(raw(SIGN_IN))["security"])
    for path, value in SIGN_IN.items():
        assert getattr(event, path.removeprefix("attributes.")) == value
    named_by_the_policy = {*SECURITY.actions(), *(name for each in ENRICHMENTS for name in each.field_names)}
    assert {*SecurityEvent.__struct_fields__} <= named_by_the_policy, "a rule could name a field that is never there"


def test_every_event_of_the_purpose_has_a_flow() -> None:
    assert SECURITY.events == frozenset(FLOWS)


def test_security_has_what_a_web_log_knows_of_a_request() -> None:
    assert SECURITY.takes("http_request")
    request = {"http_method": "POST", "http_status": 401, "http_bytes": 12, "http_path": "/login?next=/admin"}
    record = _records(raw({"event_name": "http_request", "attributes": request}))["security"]
    event = msgspec.json.decode(record, type=dict[str, object])
    assert (event["http_method"], event["http_status"], event["http_bytes"]) == ("POST", 401, 12)
    assert msgspec.json.decode(str(event["unstruct_event"])) == request
    assert event["page_url"] == "https://www.example.org/l/1"


def test_an_address_in_the_place_of_its_domain_is_nowhere_but_in_the_attributes_as_sent() -> None:
    """``unstruct_event`` has what was sent, whatever it is; only the purpose security has that text."""
    records = _records(raw({"event_name": "sign_in", "attributes.email_domain": "ann@mail.example"}))
    assert [name for name, record in records.items() if b"ann@" in record] == ["security"]
    event = msgspec.json.decode(records["security"], type=dict[str, object])
    assert "email_domain" not in event
    assert [name for name, value in event.items() if "ann@" in str(value)] == ["unstruct_event"]
    assert event["field_errors"] == [{"field": "attributes.email_domain", "reason": "malformed"}]
