"""The HTTP interface: scopes of API keys, methods, content types, and the same shape for every error response."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from itertools import product
from typing import cast

import httpx
import jsonschema
import pytest
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st

from contracts.lookup_api import enrich as enrichment
from contracts.lookup_api import feast, features
from contracts.lookup_api.lookups import API_KEY_HEADER, PATH
from contracts.security import risk
from deploy.paths import PROJECT
from lookup_service.endpoints.routes import router
from lookup_service.http.admission import OPEN_PATHS, required_scope
from lookup_service.http.api_keys import READ_SCOPES, SCOPES, read_api_keys
from lookup_service.http.content_type import check_content
from lookup_service.http.docs_page import ASSETS
from lookup_service.http.error_response import ErrorResponse
from lookup_service.http.openapi import PROBLEM_SCHEMA
from lookup_service.resolving.resolver import Resolver
from lookup_service.settings import Settings, SettingsError
from tests.lookup_service.lookup_harness import body_of, client_of, source

REDIS = "redis://127.0.0.1:1/0"
BODY = body_of([("campaign", "a")])
REQUESTS: Mapping[str, tuple[str, str, bytes | None]] = {
    "lookup": ("POST", PATH, BODY),
    "enrich": ("POST", enrichment.PATH, b"[]"),
    "features": ("POST", f"{features.PATH}/user", b'{"ids":[]}'),
    "risk": ("POST", risk.PATH, b'{"event":{"event_name":"sign_in"}}'),
    "metrics": ("GET", "/metrics", None),
    "admin": ("DELETE", "/v1/cache/campaign/a", None),
}
GETS = ("/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", *ASSETS)
KEYS = {scope: f"{scope}-{'k' * 32}" for scope in SCOPES}
ALL = "all-" + "k" * 32


def _settings(api_keys: str) -> Settings:
    return Settings(sources_path=__file__, redis_url=REDIS, api_keys=api_keys)  # type: ignore[arg-type]  # pydantic


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    keys = [f"{scope}:{key}:{scope}" for scope, key in KEYS.items()]
    keys += [f"all:{ALL}:{'+'.join(sorted(SCOPES))}", f"plain:plain-{'k' * 32}"]
    declared = PROJECT / "deploy" / "features.yaml"
    async with client_of(
        redis_url=REDIS, sources=source("campaign"), features_path=declared, api_keys=",".join(keys)
    ) as opened:
        yield opened


async def _send(client: httpx.AsyncClient, scope: str, key: str) -> httpx.Response:
    method, path, body = REQUESTS[scope]
    return await client.request(method, path, content=body, headers={API_KEY_HEADER: key})


def _assert_problem(response: httpx.Response, status: int) -> dict[str, object]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = cast("dict[str, object]", response.json())
    jsonschema.validate(problem, PROBLEM_SCHEMA)
    assert problem["status"] == status
    return problem


@pytest.mark.anyio
async def test_an_api_key_allows_only_its_scopes(client: httpx.AsyncClient) -> None:
    for asked, shown in product(REQUESTS, SCOPES):
        response = await _send(client, asked, KEYS[shown])
        if asked == shown:
            assert response.status_code == 200, response.text
        else:
            assert _assert_problem(response, 403)["detail"] == f"the API key lacks the scope {asked}"
    for asked in REQUESTS:
        assert (await _send(client, asked, ALL)).status_code == 200


@pytest.mark.anyio
async def test_an_api_key_without_scopes_may_read_everything_and_change_nothing(client: httpx.AsyncClient) -> None:
    for asked in REQUESTS:
        response = await _send(client, asked, f"plain-{'k' * 32}")
        assert response.status_code == (403 if asked == "admin" else 200)
    assert SCOPES.difference(READ_SCOPES) == {"admin"}


def test_every_route_needs_a_scope_or_is_open() -> None:
    paths = [route.path for route in router.routes if isinstance(route, APIRoute)]
    assert len(paths) >= 7
    for path in [PATH, *paths]:
        assert (path in OPEN_PATHS) != (required_scope(path) is not None), path
    assert required_scope("/v1/lookups") is None
    assert required_scope("/v1/cache/user/a") == "admin"


@pytest.mark.parametrize(
    "keys",
    ["a:{}:lookup+", "a:{}:", "a:{}:lookup+lookup", "a:{}:secret", "a:{}:lookup:admin", "a:{}:Lookup", "a:{0},b:{0}"],
)
def test_malformed_scopes_are_an_error_that_shows_no_api_key(keys: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_api_keys(_settings(keys.format("s" * 20)))
    assert "sss" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.anyio
@pytest.mark.parametrize("path", GETS)
async def test_head_is_get_without_a_body(client: httpx.AsyncClient, path: str) -> None:
    client.headers[API_KEY_HEADER] = ALL
    got, head = await client.get(path), await client.head(path)
    assert head.status_code == got.status_code
    assert head.content == b""
    assert head.headers["content-type"] == got.headers["content-type"]
    if path != "/metrics" and got.status_code == 200:
        assert head.headers["content-length"] == got.headers["content-length"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (PATH, {"POST"}),
        (enrichment.PATH, {"POST"}),
        (f"{features.PATH}/user", {"POST"}),
        (feast.PATH, {"POST"}),
        (risk.PATH, {"POST"}),
        (f"{features.PATH}/user/u1", {"GET", "HEAD"}),
        ("/v1/cache/user/u1", {"DELETE"}),
        *[(path, {"GET", "HEAD"}) for path in GETS],
    ],
)
async def test_other_methods_get_405_with_the_allowed_ones(
    client: httpx.AsyncClient, path: str, allowed: set[str]
) -> None:
    client.headers[API_KEY_HEADER] = ALL
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - allowed:
        response = await client.request(method, path)
        assert response.status_code == 405, method
        assert {name.strip() for name in response.headers["allow"].split(",")} == allowed
        if method != "HEAD":
            _assert_problem(response, 405)


@pytest.mark.anyio
async def test_an_unknown_path_is_a_problem_too(client: httpx.AsyncClient) -> None:
    _assert_problem(await client.get("/nothing"), 401)
    _assert_problem(await client.get("/docs/nothing"), 401)
    client.headers[API_KEY_HEADER] = ALL
    for path in ("/nothing", "/v1/cache", "/docs/nothing", "/redoc", "/v1/lookup/a"):
        assert _assert_problem(await client.get(path), 404)["field"] == "path"


@pytest.mark.anyio
async def test_every_error_response_of_every_endpoint_is_described_as_a_problem(client: httpx.AsyncClient) -> None:
    text = (await client.get("/openapi.json")).text
    document = json.loads(text)
    assert document["components"]["schemas"]["Problem"] == PROBLEM_SCHEMA
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            refusals = {code: answer for code, answer in operation["responses"].items() if code >= "400"}
            assert {"405", "431", "500"} <= refusals.keys()
            assert path in OPEN_PATHS or {"401", "403", "429"} <= refusals.keys()
            assert method != "post" or {"408", "413", "415", "422"} <= refusals.keys()
            contents = [answer.get("content", {}) for answer in refusals.values()]
            assert method == "head" or all(content.keys() == {"application/problem+json"} for content in contents)
    referred = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert referred == document["components"]["schemas"].keys()
    assert document["components"]["securitySchemes"]["api_key"]["name"] == API_KEY_HEADER


@pytest.mark.anyio
async def test_unavailable_data_is_a_problem(client: httpx.AsyncClient) -> None:
    client.headers[API_KEY_HEADER] = ALL
    features_down = await client.get(f"{features.PATH}/user/u1")
    _assert_problem(features_down, 503)
    assert features_down.headers["retry-after"]
    wrong_kind = await client.delete("/v1/cache/secret/x")
    assert _assert_problem(wrong_kind, 422)["field"] == "kind"
    assert "secret" not in wrong_kind.text
    async with client_of(redis_url=REDIS) as without_sources:
        not_ready = _assert_problem(await without_sources.get("/readyz"), 503)
        assert not_ready["ready"] is False
        assert "redis_profiles" in cast("dict[str, object]", not_ready["dependencies"])


@pytest.mark.anyio
@pytest.mark.parametrize("asked", ["lookup", "enrich"])
async def test_an_internal_error_is_a_problem_without_the_exceptions_message(
    monkeypatch: pytest.MonkeyPatch, client: httpx.AsyncClient, asked: str
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret u1")

    monkeypatch.setattr(Resolver, "resolve", fail)
    transport = cast("httpx.ASGITransport", client._transport)
    transport.raise_app_exceptions = False
    response = await _send(client, asked, ALL)
    assert _assert_problem(response, 500)["detail"] == "internal error"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("headers", "status", "field"),
    [
        ({}, 200, ""),
        ({"content-type": "application/json"}, 200, ""),
        ({"content-type": 'Application/JSON; Charset="UTF-8"'}, 200, ""),
        ({"content-type": "application/x-www-form-urlencoded"}, 200, ""),
        ({"content-encoding": "identity"}, 200, ""),
        ({"content-encoding": "gzip"}, 415, "content-encoding"),
        ({"content-encoding": "br, gzip"}, 415, "content-encoding"),
        ({"content-type": "text/xml"}, 415, "content-type"),
        ({"content-type": "multipart/form-data; boundary=a"}, 415, "content-type"),
        ({"content-type": "application/json; charset=utf-16"}, 415, "content-type"),
    ],
)
async def test_content_types_and_encodings(
    client: httpx.AsyncClient, headers: dict[str, str], status: int, field: str
) -> None:
    for asked in ("lookup", "enrich", "features"):
        method, path, body = REQUESTS[asked]
        response = await client.request(method, path, content=body, headers=headers | {API_KEY_HEADER: ALL})
        assert response.status_code == status, response.text
        if status != 200:
            assert _assert_problem(response, status)["field"] == field
            assert response.headers["accept-encoding" if field == "content-encoding" else "accept-post"]


def test_events_may_be_lines() -> None:
    for name in ("application/x-ndjson", "application/jsonl; charset=utf-8"):
        assert check_content(enrichment.PATH, {b"content-type": name.encode()}) is None
        assert isinstance(check_content(PATH, {b"content-type": name.encode()}), ErrorResponse)


@given(label=st.binary(max_size=40))
def test_any_content_type_is_accepted_or_rejected(label: bytes) -> None:
    found = check_content(PATH, {b"content-type": label})
    assert found is None or found.status_code == 415


@pytest.mark.anyio
async def test_the_docs_page_loads_nothing_from_elsewhere_and_needs_no_api_key(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    assert "http:" not in page.text
    assert "https:" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for path, (content, media_type) in ASSETS.items():
        assert path in page.text
        response = await client.get(path)
        assert (response.content, response.headers["content-type"].partition(";")[0]) == (content, media_type)
    assert '"/openapi.json"' in page.text or "'/openapi.json'" in page.text
    assert (await client.get("/openapi.json")).json()["openapi"].startswith("3.")
