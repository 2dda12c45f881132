import json
from dataclasses import replace

import pytest

from contracts.enrichments import ENRICHMENTS
from contracts.purposes.model import ALWAYS_KEPT, EVENT_FIELDS, IDENTIFIERS, Action, Purpose
from contracts.purposes.truncated_fields import TRUNCATED_BY
from core.field_groups import pseudonymised_group, truncated_groups
from core.flat_event import BadRow
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.privacy.envelopes import Envelopes
from core.privacy.key_ring import read_key_ring
from core.privacy.pseudonyms import Pseudonyms, no_pseudonym
from core.projection import Projection
from core.routing import Routing, events_that_need
from core.truncation import TRUNCATIONS
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


@pytest.mark.parametrize(
    ("actions", "actor", "key"),
    [
        ({}, {}, b"d-1"),
        ({}, {"actor.domain_userid": ...}, b"u0000001"),
        ({}, {"actor.user_id": ...}, b"d-1"),
        ({}, {"actor": {}}, None),
        ({"domain_userid": "pseudonymise"}, {}, str(PSEUDONYM("domain_userid", "d-1")).encode()),
        ({"domain_userid": "drop"}, {}, b"u0000001"),
        ({"domain_userid": "encrypt"}, {}, b"u0000001"),
    ],
)
def test_the_key_is_the_first_of_the_purposes_order_that_event_and_purpose_have(
    actions: dict[str, Action], actor: dict[str, object], key: bytes | None
) -> None:
    fields: dict[str, Action] = {"user_id": "keep", "domain_userid": "keep", **actions}
    of = replace(purpose("p", **fields), key=("domain_userid", "user_id"))
    assert _view(of, raw(actor))[1] == key


def test_a_key_of_one_identifier_has_no_other_in_its_place() -> None:
    of = replace(purpose("p", user_id="keep", domain_userid="keep"), key=("domain_userid",))
    assert _view(of, raw({"actor.domain_userid": ...}))[1] is None


def test_a_destroyed_subject_has_neither_field_nor_key() -> None:
    event = flatten(raw(), 1, 2)
    assert not isinstance(event, BadRow)
    projection = Projection(purpose("p", user_id="pseudonymise", domain_userid="pseudonymise"), 0, None)
    assert b"user" not in projection.event_fields_json(event.fields, no_pseudonym)
    assert projection.kafka_key(event.fields, no_pseudonym) is None


def test_a_field_is_needed_for_the_events_of_the_purposes_that_see_it() -> None:
    sees: dict[str, Action] = {"unstruct_event": "keep"}
    drops: dict[str, Action] = {"unstruct_event": "drop"}

    def policy(name: str, actions: dict[str, Action], *events: str) -> Purpose:
        return Purpose(name, f"t.{name}", tuple(actions.items()), events=frozenset(events) or None)

    orders, likes, every = policy("orders", sees, "order"), policy("likes", drops, "like"), policy("every", drops)
    assert events_that_need("unstruct_event", [orders, likes, every]) == frozenset({"order"})
    assert events_that_need("unstruct_event", [likes, every]) == frozenset()
    assert events_that_need("unstruct_event", [orders, policy("all", sees)]) is None
    assert events_that_need("page_url", [likes]) is None, "enrichments are made from it"


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


def test_the_policy_becomes_expressions() -> None:
    actions: dict[str, Action] = {"page_url": "truncate", "user_id": "pseudonymise", "useragent": "encrypt"}
    made = Projection(purpose("p", **actions), 0, Envelopes({"k1": b"k" * 32}))
    own = (
        "encode(kept(event.event_id, event.event_name, event.collector_tstamp))[:-1], "
        'group_0[None if event.page_url is None else event.page_url.partition("?")[0].partition("#")[0]], '
        "pseudonyms[pseudonymise, event.user_id], "
        "encrypted(event)"
    )
    key = "key_user_id[pseudonymise, value] if (value := event.user_id) is not None else None"
    assert made.expressions == (
        f'lambda event, pseudonymise: b"".join(({own},))',
        f"lambda event, pseudonymise: {key}",
        f'lambda event, results, pseudonymise: (topic, {key}, b"".join(({own}, b"}}")), event.collector_tstamp)',
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"actor": {}},
        {"actor.user_ipaddress": "ann@example.org", "context.page_url": "https://a.example/b?c#d"},
        {"context.page_url": "https://a.example/b?" + "x" * 600, "actor.domain_sessionid": 'é\u2028"'},
    ],
)
def test_a_record_is_the_events_fields_and_the_results_whether_remembered_or_not(changes: dict[str, object]) -> None:
    every: dict[str, Action] = {
        name: "keep" if name in ALWAYS_KEPT else "pseudonymise" if name in IDENTIFIERS else "truncate"
        for name in EVENT_FIELDS
        if name in (*ALWAYS_KEPT, *IDENTIFIERS, *TRUNCATED_BY)
    }
    of = Purpose("p", "t.p", tuple(every.items()), required=frozenset({"geo", "calendar"}))
    builder = FragmentBuilder((of,))
    results = [builder.without_value(each.name, "missing") for each in ENRICHMENTS]
    event = flatten(raw(changes), 1, 2)
    assert not isinstance(event, BadRow)
    for made in (PSEUDONYM, Pseudonyms(RING.epochs).at(0, b"k" * 32), no_pseudonym):
        expected = {
            name: value
            for name, action in every.items()
            if (sent := getattr(event.fields, name)) is not None
            and (
                value := sent
                if action == "keep"
                else made(name, sent)
                if action == "pseudonymise"
                else TRUNCATIONS[name](sent)
            )
            is not None
        }
        projection = Projection(of, 0, None)
        for _ in range(2):  # made, then remembered
            topic, key, value, timestamp = projection.record(event.fields, results, made)
            assert value is not None
            assert json.loads(value) == {**expected, "geo_status": "missing", "calendar_status": "missing"}
            assert value == projection.event_fields_json(event.fields, made) + (
                b',"geo_status":"missing","calendar_status":"missing"}'
            )
            assert key == projection.kafka_key(event.fields, made)
            assert (topic, timestamp) == ("t.p", 1)


def test_pseudonyms_of_a_subjects_own_key_are_not_remembered() -> None:
    _, group = pseudonymised_group(("user_id", "domain_userid"))
    own = Pseudonyms(RING.epochs).at(0, b"k" * 32)
    for pseudonymise in (own, no_pseudonym):
        assert group[pseudonymise, "u1", None] == group[pseudonymise, "u1", None]
        assert not group
    assert group[PSEUDONYM, "u1", None]
    assert len(group) == 1


def test_long_texts_are_not_remembered() -> None:
    [(_, group)] = truncated_groups(("app_id", "app_version"))
    assert group["x" * 600, "1.2.3"] == b',"app_id":"-","app_version":"1.2"'
    assert not group
    assert group["shop", "1.2.3"] == b',"app_id":"shop","app_version":"1.2"'
    assert len(group) == 1
