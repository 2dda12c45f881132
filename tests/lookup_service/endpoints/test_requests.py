"""Rejected requests: the status code, the field, and never a value of the request."""

import time
from collections.abc import Callable

import httpx
import msgspec
import pytest

from contracts.lookup_api.lookups import DEADLINE_HEADER, MAX_KEY_CHARACTERS, MAX_KEYS, PATH
from lookup_service.http.error_response import ErrorResponse
from lookup_service.http.request_reading import MAX_DEADLINE_MS, read_deadline_ms, read_feature_request, read_request
from lookup_service.settings import Settings
from tests.lookup_service.lookup_harness import body_of, client_of

MAX_BODY_BYTES: int = Settings.model_fields["max_body_bytes"].default
KEY = b'{"kind":"ip","key":"a"}'


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"", 422, "$"),
        (b"nul", 422, "$"),
        (b"[]", 422, "$"),
        (b"{}", 422, "keys"),
        (b'{"keys":1}', 422, "keys"),
        (b'{"keys":[3]}', 422, "keys[0]"),
        (b'{"keys":[%s,{"kind":"ip"}]}' % KEY, 422, "keys[1].key"),
        (b'{"keys":[{"key":"a"}]}', 422, "keys[0].kind"),
        (b'{"keys":[{"kind":"ip","key":null}]}', 422, "keys[0].key"),
        (b'{"keys":[{"kind":"10.1.2.3","key":"a"}]}', 422, "keys[0].kind"),
        (b'{"keys":[{"kind":"ip","key":"%s"}]}' % (b"a" * (MAX_KEY_CHARACTERS + 1)), 422, "keys[0].key"),
        (b'{"keys":[{"kind":"ip","key":"\xff"}]}', 422, "$"),
        (b'{"keys":[{"kind":"ip","key":"\\ud800"}]}', 422, "$"),
        (b'{"x":' + b"[" * 100_000, 422, "$"),
        (b'{"keys":[%s]}' % b",".join([KEY] * (MAX_KEYS + 1)), 413, "keys"),
    ],
)
def test_rejected_bodies(body: bytes, code: int, field: str) -> None:
    error = read_request(body)
    assert isinstance(error, ErrorResponse)
    assert (error.status_code, error.field) == (code, field)
    assert "10.1.2.3" not in error.error


@pytest.mark.parametrize(("item", "read"), [(KEY, read_request), (b'"a"', read_feature_request)])
def test_rejecting_a_body_with_too_many_keys_takes_about_as_long_as_decoding_it(
    item: bytes, read: Callable[[bytes], object]
) -> None:
    """It blocks the event loop for no longer than decoding the body a few times."""
    name = b"ids" if read is read_feature_request else b"keys"
    body = b'{"%s":[%s]}' % (name, b",".join([item] * (MAX_BODY_BYTES // 4 // (len(item) + 1) - 10)))
    decoding, rejecting = [], []
    for _ in range(3):
        began = time.process_time()
        msgspec.json.decode(body)
        decoding.append(time.process_time() - began)
        began = time.process_time()
        assert isinstance(read(body), ErrorResponse)
        rejecting.append(time.process_time() - began)
    assert min(rejecting) < 6 * min(decoding)  # twenty times and more if each key were copied and validated


def test_longest_keys_fit_the_body_limit() -> None:
    body = body_of([("campaign", "a" * MAX_KEY_CHARACTERS)] * MAX_KEYS)
    assert not isinstance(read_request(body), ErrorResponse)
    assert len(body) <= MAX_BODY_BYTES


@pytest.mark.parametrize(("header", "expected"), [(None, 700), ("1", 1), ("250", 250), ("999999", MAX_DEADLINE_MS)])
def test_deadlines(header: str | None, expected: int) -> None:
    assert read_deadline_ms(header, default_ms=700) == expected


@pytest.mark.parametrize("header", ["", "0", "-5", "1.5", "soon", "²", "9" * 5000])
def test_rejected_deadlines(header: str) -> None:
    error = read_deadline_ms(header, default_ms=700)
    assert isinstance(error, ErrorResponse)
    assert (error.status_code, error.field) == (422, DEADLINE_HEADER)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "headers", "code", "field"),
    [
        (b'{"keys":[{"kind":"ip","key":1}]}', {}, 422, "keys[0].key"),
        (body_of([("ip", "a")] * (MAX_KEYS + 1)), {}, 413, "keys"),
        (b" " * (MAX_BODY_BYTES + 1), {}, 413, "$"),
        (body_of([("ip", "a")]), {DEADLINE_HEADER: "soon"}, 422, DEADLINE_HEADER),
    ],
    ids=["wrong type", "too many keys", "too many bytes", "deadline"],
)
async def test_errors_are_problem_details_with_the_field(
    body: bytes, headers: dict[str, str], code: int, field: str
) -> None:
    async with client_of(redis_url="redis://127.0.0.1:1/0") as client:
        response: httpx.Response = await client.post(PATH, content=body, headers=headers)
    assert response.status_code == code
    assert response.headers["content-type"] == "application/problem+json"
    problem = msgspec.json.decode(response.content)
    assert problem.keys() == {"type", "title", "status", "detail", "field"}
    assert (problem["status"], problem["field"]) == (code, field)
