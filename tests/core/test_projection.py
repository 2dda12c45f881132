import json

import pytest

from contracts.purposes.model import Action, Purpose
from core.flat_event import BadRow
from core.flatten import flatten
from core.privacy.envelopes import Envelopes
from core.privacy.key_ring import read_key_ring
from core.privacy.pseudonyms import Pseudonyms, no_pseudonym
from core.projection import Projection
from core.routing import Routing
from tests.core.privacy.keys import KEYS
from tests.core.samples import VALID, raw
from tests.core.test_fragments import purpose

RING = read_key_ring(KEYS)
ENVELOPES = Envelopes(RING.envelopes)
PSEUDONYM = Pseudonyms(RING.epochs).at(0)


def _view(of: Purpose, payload: bytes | None = None) -> tuple[dict[str, object], bytes | None]:
    event = flatten(payload or raw(), 1_700_000_001_000, 1_700_000_001_005)
    assert not isinstance(event, BadRow)
    projection = Projection(of, 0, ENVELOPES)
    view: dict[str, object] = json.loads(projection.event_fields_json(event.fields, PSEUDONYM) + b"}")
    return view, projection.kafka_key(event.fields, PSEUDONYM)


def test_only_named_fields_in_their_form() -> None:
    view, _ = _view(purpose("p", user_id="pseudonymise", user_ipaddress="truncate", price="keep", useragent="encrypt"))
    sealed = str(view.pop("useragent"))
    assert json.loads(ENVELOPES.open(sealed, b"useragent")) == VALID["actor"]["useragent"]
    assert view == {
        "event_id": VALID["event_id"],
        "event_name": "listing_view",
        "collector_tstamp": 1_700_000_001_000,
        "price": 12.5,
        "user_id": PSEUDONYM("user_id", "u0000001"),
        "user_ipaddress": "81.2.69.0",
    }


def test_the_id_comes_first() -> None:
    event = flatten(raw(), 1, 2)
    assert not isinstance(event, BadRow)
    assert (
        Projection(purpose("p", user_id="keep"), 0, None)
        .event_fields_json(event.fields, no_pseudonym)
        .startswith(b'{"event_id":')
    )


def test_fields_without_a_value_and_values_of_which_nothing_may_stay_are_absent() -> None:
    view, _ = _view(
        purpose("p", order_id="keep", user_id="pseudonymise", user_ipaddress="truncate"),
        raw({"actor": {"user_ipaddress": "ann@example.org"}}),
    )
    assert set(view) == {"event_id", "event_name", "collector_tstamp"}


@pytest.mark.parametrize(
    ("actions", "key"),
    [
        ({"user_id": "keep", "domain_userid": "keep"}, b"u0000001"),
        ({"domain_userid": "keep"}, b"d-1"),
        ({"user_id": "pseudonymise"}, str(PSEUDONYM("user_id", "u0000001")).encode()),
        ({"user_id": "encrypt"}, None),
        ({}, None),
    ],
)
def test_the_key_has_the_form_that_the_purpose_has(actions: dict[str, str], key: bytes | None) -> None:
    assert _view(purpose("p", **actions))[1] == key  # type: ignore[arg-type]


def test_a_destroyed_subject_has_neither_field_nor_key() -> None:
    event = flatten(raw(), 1, 2)
    assert not isinstance(event, BadRow)
    projection = Projection(purpose("p", user_id="pseudonymise", domain_userid="pseudonymise"), 0, None)
    assert b"user" not in projection.event_fields_json(event.fields, no_pseudonym)
    assert projection.kafka_key(event.fields, no_pseudonym) is None


def test_routes_by_event_and_consent() -> None:
    every = purpose("every")
    orders = Purpose("orders", "t.orders", every.fields, events=frozenset({"order"}), consent="not_needed")
    routing = Routing([Projection(each, number, None) for number, each in enumerate((every, orders))])

    def names(event: str, *, opted_out: bool) -> list[str]:
        return [each.purpose.name for each in routing.recipients(event, opted_out=opted_out)]

    assert names("order", opted_out=False) == ["every", "orders"]
    assert names("like", opted_out=False) == ["every"]
    assert names("order", opted_out=True) == ["orders"]
    assert names("like", opted_out=True) == []


def test_the_policy_becomes_one_expression() -> None:
    actions: dict[str, Action] = {"page_url": "truncate", "user_id": "pseudonymise", "useragent": "encrypt"}
    made = Projection(purpose("p", **actions), 0, Envelopes({"k1": b"k" * 32}))
    assert made.expression == (
        "lambda event, pseudonymise: encode(shape("
        "event.event_id, event.event_name, event.collector_tstamp, "
        "None if (value := event.page_url) is None else truncate_page_url(value), "
        "None if (value := event.user_id) is None else pseudonymise('user_id', value), "
        "None if (value := event.useragent) is None else encrypt_useragent(value)))"
    )
