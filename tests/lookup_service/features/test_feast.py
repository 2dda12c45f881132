"""Feast's protocol, asked over HTTP: https://docs.feast.dev/reference/feature-servers/python-feature-server."""

from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from contracts.lookup_api.feast import OnlineFeaturesResponse
from core.features.stored import encode_packed
from lookup_service.clock import now_ms
from tests.lookup_service.features.samples import ALL_OF_BROWSER, Store, view

pytestmark = pytest.mark.anyio
NO_TIME = "1970-01-01T00:00:00Z"
DAY_MS = 86_400_000


async def _ask(client: httpx.AsyncClient, **body: object) -> httpx.Response:
    return await client.post("/get-online-features", json=body)


async def _answer(client: httpx.AsyncClient, **body: object) -> OnlineFeaturesResponse:
    response = await _ask(client, **body)
    assert response.status_code == 200, response.text
    found = msgspec.json.decode(response.content, type=OnlineFeaturesResponse)
    assert len(found.results) == len(found.metadata.feature_names)
    return found


async def test_each_status(client: httpx.AsyncClient, store: Store) -> None:
    whole = now_ms() // 1000 * 1000 - 1000
    old = whole - 40 * DAY_MS
    store.put([view(whole, browser="b1"), view(whole + 5, browser="7", price=2.5), view(old, browser="old")])
    store.put_bytes("browser", "bad", encode_packed(b"\0\1\xc1", whole, whole))
    store.redis.client.config_resetstat()
    rows = ["b1", "b2", "old", "bad", "", None, 7]
    found = await _answer(
        client,
        features=["browser:price__1h", "browser:views__24h", "browser:last__lifetime"],
        entities={"domain_userid": rows},
    )
    assert store.redis.mget_calls() == 1
    assert found.metadata.feature_names == ["domain_userid", "price__1h", "views__24h", "last__lifetime"]
    key, price, views, last = found.results
    assert (key.values, set(key.statuses), set(key.event_timestamps)) == (rows, {"PRESENT"}, {NO_TIME})
    absent = ["NOT_FOUND", "OUTSIDE_MAX_AGE", "INVALID", "NOT_FOUND", "NOT_FOUND"]
    assert price.statuses == ["NULL_VALUE", *absent, "PRESENT"]
    assert views.statuses == last.statuses == ["PRESENT", *absent, "PRESENT"]
    assert price.values == [None] * 6 + [2.5]
    assert views.values == [1, *[None] * 5, 1]
    assert last.values == [["l1"], *[None] * 5, ["l1"]]
    assert views.event_timestamps == [_rfc(whole), NO_TIME, _rfc(old), NO_TIME, NO_TIME, NO_TIME, _rfc(whole + 5)]


def _rfc(ms: int) -> str:
    at = datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return at + (f".{ms % 1000:03}Z" if ms % 1000 else "Z")


async def test_features_of_several_entities(client: httpx.AsyncClient, store: Store) -> None:
    now = now_ms()
    store.put([view(now - 5, browser="b1", listing="l1"), view(now, browser="b2", listing="l2")])
    store.redis.client.config_resetstat()
    found = await _answer(
        client,
        features=["listing:views__24h", "browser:views__1m", "user:views__24h"],
        entities={"user_id": ["u-b1"] * 2, "region": ["x", "y"], "browser": ["b1"] * 2, "listing_id": ["l1", "l2"]},
        full_feature_names=True,
        include_feature_view_version_metadata=False,
    )
    assert store.redis.mget_calls() == 1
    assert found.metadata.feature_names == [
        *("user_id", "browser", "listing_id"),
        *("listing__views__24h", "browser__views__1m", "user__views__24h"),
    ]
    assert [each.values for each in found.results[3:]] == [[1, 1], [1, 1], [1, 1]]


async def test_a_service_is_all_of_an_entity(client: httpx.AsyncClient, store: Store) -> None:
    store.put([view(now_ms())])
    ids = {"domain_userid": ["b1"], "listing": ["l1"]}
    found = await _answer(client, feature_service="browser", entities=ids, full_feature_names=True)
    assert found.metadata.feature_names[0] == "domain_userid"
    assert set(found.metadata.feature_names[1:]) == ALL_OF_BROWSER
    assert all(each.statuses == ["PRESENT"] for each in found.results if each.values != [None])
    full = await _answer(client, feature_service="full", entities=ids, full_feature_names=True)
    assert full.metadata.feature_names[:2] == ["domain_userid", "listing"]
    assert set(full.metadata.feature_names[2:]) == {*ALL_OF_BROWSER, "listing__views__24h"}


async def test_a_session_has_a_key_of_its_own(client: httpx.AsyncClient) -> None:
    asked = {"features": ["session:views__session", "browser:views__1m"], "full_feature_names": True}
    found = await _answer(client, entities={"session_id": ["s1"], "domain_userid": ["b1"]}, **asked)
    assert [each.statuses for each in found.results[2:]] == [["NOT_FOUND"], ["NOT_FOUND"]]
    response = await _ask(client, entities={"domain_userid": ["b1"]}, **asked)
    assert response.json()["detail"] == "no ids of session"


async def test_no_rows(client: httpx.AsyncClient) -> None:
    found = await _answer(client, features=["browser:views__1m"], entities={"browser": []})
    assert [each.values for each in found.results] == [[], []]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"features": ["browser:views__1m"]}, 422, "entities"),
        ({"features": ["browser:views__1m"], "entities": {}}, 422, "entities"),
        ({"features": ["browser:views__1m"], "entities": {"listing": ["l1"]}}, 422, "entities"),
        ({"features": ["browser:views__1m"], "entities": {"browser": ["a"], "user": []}}, 422, "entities"),
        ({"features": [], "entities": {"browser": ["a"]}}, 422, "features"),
        ({"entities": {"browser": ["a"]}}, 422, "features"),
        ({"features": ["browser"], "entities": {"browser": ["a"]}}, 422, "features"),
        ({"features": ["browser__views:1m"], "entities": {"browser": ["a"]}}, 422, "features"),
        ({"features": ["browser:views__1m"] * 2, "entities": {"browser": ["a"]}}, 422, "features"),
        ({"features": ["browser:views__2m"], "entities": {"browser": ["a"]}}, 404, "features"),
        ({"features": ["car:views__1m"], "entities": {"car": ["a"]}}, 404, "features"),
        ({"feature_service": "car", "entities": {"car": ["a"]}}, 404, "feature_service"),
        ({"feature_service": "full", "entities": {"car": ["a"]}}, 422, "entities"),
        ({"feature_service": "full", "entities": {"user": ["a"], "listing": ["a"]}}, 422, "features"),
        (
            {"features": ["user:views__24h", "listing:views__24h"], "entities": {"user": [], "listing": []}},
            422,
            "features",
        ),
        ({"features": ["browser:views__1m"], "entities": {"browser": ["a"] * 1001}}, 413, "entities[...]"),
        ({"features": ["browser:views__1m"], "entities": {"browser": [True]}}, 422, "entities[...][0]"),
        ({"features": ["browser:views__1m"], "entities": {"browser": ["a" * 129]}}, 422, "entities[...][0]"),
        ({"features": ["browser:views__1m"], "entities": {"browser": [10**400]}}, 422, "entities[...][0]"),
    ],
)
async def test_refused_requests(client: httpx.AsyncClient, body: object, code: int, field: str) -> None:
    response = await client.post("/get-online-features", json=body)
    assert (response.status_code, response.json()["field"]) == (code, field), response.text
