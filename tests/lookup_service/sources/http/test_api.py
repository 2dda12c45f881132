"""The generic HTTP source: every key gets a status within the time limit, whatever the API does."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from assurance.servers.profile_api import BODIES, Api, api_server, source_of
from contracts.lookup_api.lookups import UserProfile
from lookup_service.sources.http.api import HttpApi
from tests.lookup_service.lookup_harness import statuses, value_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with api_server() as served:
        yield served


@pytest.fixture
async def source(api: Api) -> AsyncIterator[HttpApi]:
    opened = source_of(api, headers={"Authorization": "Bearer secret"}, breaker_failures=1000)
    yield opened
    await opened.close()


async def test_fields_are_read_by_their_paths(source: HttpApi, api: Api) -> None:
    [found] = await source.lookup(["u1"])
    assert value_of(found) == {"user_segment": "regular", "user_verified": True, "user_type": "private"}
    assert api.headers["Authorization"] == "Bearer secret"
    assert set(value_of(found)) <= set(UserProfile.__struct_fields__)


async def test_a_key_reaches_the_api_unchanged(source: HttpApi, api: Api) -> None:
    keys = ["a/b?c=d&é #", "../../elsewhere", "%2e%2e", "x\r\nHost: evil", "\0", "@evil.example/"]
    results = await source.lookup(keys)
    assert statuses(results) == ["ok"] + ["missing"] * 5
    assert sorted(api.requests) == sorted(keys)


async def test_keys_that_no_url_can_carry_are_missing(source: HttpApi, api: Api) -> None:
    assert statuses(await source.lookup(["", ".", "..", "\ud800"])) == ["missing"] * 4
    assert api.requests == []


async def test_a_record_without_the_fields_is_missing_and_one_with_others_is_an_error(source: HttpApi) -> None:
    assert statuses(await source.lookup(["empty", "wrong", "u1"])) == ["missing", "error", "ok"]


@pytest.mark.parametrize("mode", [*BODIES, "redirect", "endless", "hang_up"])
async def test_an_invalid_response_is_an_error_and_has_no_later_effect(source: HttpApi, api: Api, mode: str) -> None:
    api.mode = mode
    expected = "missing" if mode == "an_array" else "error"
    assert statuses(await source.lookup(["u1", "u2"])) == [expected, expected]
    api.mode = "ok"
    assert statuses(await source.lookup(["u1", "u2"])) == ["ok", "missing"]


async def test_redirects_are_not_followed(source: HttpApi, api: Api) -> None:
    api.mode = "redirect"
    await source.lookup(["u1"])
    assert api.requests == ["u1"]


async def test_an_api_that_takes_five_seconds_is_a_timeout_for_every_key(api: Api) -> None:
    source = source_of(api, timeout_ms=200, concurrency=2)
    api.mode = "slow"
    began = time.monotonic()
    assert statuses(await source.lookup(["u1", "u2", "u3", "u4"])) == ["timeout"] * 4
    assert time.monotonic() - began < 3
    await source.close()


@pytest.mark.slow
async def test_the_breaker_opens_and_closes_again(api: Api) -> None:
    source = source_of(api, breaker_failures=3, breaker_open_s=1.2, concurrency=1)
    api.mode = "server_error"
    assert statuses(await source.lookup([f"u{n}" for n in range(10)])) == ["error"] * 10
    assert len(api.requests) == 3
    assert (await source.check()).state == "unreachable"
    api.mode = "ok"
    assert statuses(await source.lookup(["u1"])) == ["error"]
    time.sleep(1.3)  # noqa: ASYNC251  # no task may run meanwhile
    assert statuses(await source.lookup(["u1"])) == ["ok"]
    assert (await source.check()).state == "ok"
    await source.close()


@pytest.mark.parametrize(
    "mode", ["bad_request", "unprocessable", "too_long", "forbidden", "not_json", "not_utf8", "deep"]
)
async def test_errors_that_concern_a_key_do_not_open_the_breaker(api: Api, mode: str) -> None:
    source = source_of(api, breaker_failures=2)
    api.mode = mode
    assert statuses(await source.lookup([f"u{n}" for n in range(10)])) == ["error"] * 10
    assert len(api.requests) == 10
    assert (await source.check()).state == "ok"
    api.mode = "ok"
    assert statuses(await source.lookup(["wrong", "u1", "u2"])) == ["error", "ok", "missing"]
    await source.close()


async def test_any_number_of_rejected_keys_does_not_affect_other_keys(api: Api) -> None:
    source = source_of(api, breaker_failures=2, timeout_ms=5000)
    api.mode = "by_key"
    keys = [*map(str, (400, 401, 403, 404, 409, 410, 413, 414, 422, 451)), "u1"] * 3
    expected = ["error", "error", "error", "missing", "error", "missing", *["error"] * 4, "ok"] * 3
    assert statuses(await source.lookup(keys)) == expected
    assert (await source.check()).state == "ok"
    await source.close()


@pytest.mark.parametrize("mode", ["server_error", "gateway_timeout", "too_many", "hang_up"])
async def test_errors_that_concern_the_api_open_the_breaker(api: Api, mode: str) -> None:
    source = source_of(api, breaker_failures=2, concurrency=1)
    api.mode = mode
    assert statuses(await source.lookup(["u1", "u2", "u3", "u4"])) == ["error"] * 4
    assert len(api.requests) <= 2 + 2  # the library retries a closed connection once
    assert (await source.check()).state == "unreachable"
    await source.close()


async def test_a_probe_whose_key_is_rejected_closes_the_breaker(api: Api) -> None:
    source = source_of(api, breaker_failures=1, breaker_open_s=0.05)
    api.mode = "server_error"
    assert statuses(await source.lookup(["u1"])) == ["error"]
    await asyncio.sleep(0.1)
    api.mode = "bad_request"
    assert statuses(await source.lookup(["u1"])) == ["error"]
    api.mode = "ok"
    assert statuses(await source.lookup(["u1"])) == ["ok"]
    await source.close()


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["too_many", "server_error"])
async def test_retry_after_is_honoured(api: Api, mode: str) -> None:
    source = source_of(api, breaker_failures=1000)
    api.mode, api.answer_headers = mode, {"Retry-After": "1"}
    assert statuses(await source.lookup(["u1"])) == ["error"]
    api.mode = "ok"
    assert statuses(await source.lookup(["u1", "u2"])) == ["error", "error"]
    assert (await source.check()).state == "unreachable"
    assert api.requests == ["u1"]
    await asyncio.sleep(1.1)
    assert statuses(await source.lookup(["u1"])) == ["ok"]
    await source.close()


@pytest.mark.slow
async def test_a_probe_that_times_out_does_not_keep_the_breaker_open_for_ever(api: Api) -> None:
    source = source_of(api, breaker_failures=1, breaker_open_s=0.05, timeout_ms=1000)
    api.mode = "slow"
    for _ in range(2):
        assert statuses(await source.lookup(["u1"])) == ["timeout"]
        time.sleep(0.1)  # noqa: ASYNC251
    api.mode = "ok"
    assert statuses(await source.lookup(["u1"])) == ["ok"]
    await source.close()


async def test_no_more_requests_at_once_than_allowed(api: Api) -> None:
    source = source_of(api, concurrency=3, timeout_ms=5000)
    api.mode = "brief"
    assert statuses(await source.lookup([f"u{n}" for n in range(12)])) == ["missing", "ok"] + ["missing"] * 10
    assert api.most_at_once == 3
    await source.close()


async def test_keys_beyond_the_rate_are_timeouts(api: Api) -> None:
    source = source_of(api, requests_per_second=0.1, burst=4, timeout_ms=2000)
    results = await source.lookup([f"x{n}" for n in range(10)])
    assert sorted(statuses(results)) == ["missing"] * 4 + ["timeout"] * 6
    assert len(api.requests) == 4
    await source.close()


async def test_a_private_address_is_rejected_unless_allowed(api: Api) -> None:
    with pytest.raises(ValueError, match="allow_private"):
        source_of(api, allow_private=False)
    by_name = source_of(api, url=api.url.replace("127.0.0.1", "localhost") + "/users/{key}", allow_private=False)
    assert statuses(await by_name.lookup(["u1"])) == ["error"]
    assert api.requests == []
    await by_name.close()


async def test_check_sends_a_request_if_it_has_a_key(api: Api) -> None:
    source = source_of(api, check_key="health")
    assert (await source.check()).state == "ok"
    api.mode = "server_error"
    assert (await source.check()).state == "unreachable"
    await source.close()
    with_short_timeout = source_of(api, check_key="health", timeout_ms=200)
    api.mode = "slow"
    assert (await with_short_timeout.check()).state == "timeout"
    await with_short_timeout.close()


@pytest.mark.parametrize("mode", ["forbidden", "not_json"])
async def test_check_detects_an_api_that_rejects_the_service_or_returns_other_content(api: Api, mode: str) -> None:
    source = source_of(api, check_key="health")
    api.mode = mode
    assert (await source.check()).state == "unreachable"
    api.mode = "ok"
    assert (await source.check()).state == "ok"
    await source.close()


async def test_an_api_that_is_down_is_an_error_until_it_is_back() -> None:
    async with api_server() as api:
        source = source_of(api)
    assert statuses(await source.lookup(["u1"])) == ["error"]
    await source.close()
