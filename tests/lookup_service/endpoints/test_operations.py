"""Health, readiness, metrics and the OpenAPI document."""

import asyncio
from pathlib import Path

import httpx
import jsonschema
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from contracts.events.raw import RawEvent
from contracts.lookup_api.lookups import DEADLINE_HEADER, PATH
from local_stack.processes.ports import free_port
from lookup_service.readiness import CACHE_S, CachedReadiness, Readiness, check_dependencies
from lookup_service.sources.protocol import SourceState
from tests.lookup_service.fake_sources import Fake
from tests.lookup_service.lookup_harness import LONDON, RedisServer, ask, body_of, city_source, client_of

pytestmark = pytest.mark.anyio


def _states(response: httpx.Response) -> dict[str, str]:
    return {name: found["state"] for name, found in response.json()["dependencies"].items()}


async def test_ready_with_every_dependency(redis_server: RedisServer, city: Path) -> None:
    async with client_of(redis_url=redis_server.url, geoip_city_path=city) as client:
        response = await client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["ready"] is True
    found = response.json()["dependencies"]
    assert found.keys() == {"geoip", "redis", "redis_profiles"}
    assert all(dependency["state"] == "ok" and dependency["latency_ms"] >= 0 for dependency in found.values())
    assert found["geoip"]["data_version"].startswith("GeoIP2-City/")


async def test_alive_but_not_ready_without_a_source() -> None:
    async with client_of(redis_url=f"redis://127.0.0.1:{free_port()}/0") as client:
        response = await client.get("/readyz")
        assert response.status_code == 503
        assert _states(response) == {"redis": "unreachable", "redis_profiles": "unreachable"}
        assert (await client.get("/healthz")).status_code == 200


async def test_ready_without_the_shared_redis(city: Path) -> None:
    async with client_of(redis_url=f"redis://127.0.0.1:{free_port()}/0", sources=city_source(city)) as client:
        response = await client.get("/readyz")
    assert response.status_code == 200
    assert _states(response) == {"redis": "unreachable", "geoip": "ok"}


class FailingCheck(Fake):
    async def check(self) -> SourceState:
        raise UnicodeError("u-secret")


async def test_a_failing_check_affects_only_its_own_source() -> None:
    with capture_logs() as logs:
        found = await check_dependencies(
            [FailingCheck(name="failing"), Fake(name="working")], [FailingCheck(name="optional")], timeout_s=1
        )
    assert {name: each.state for name, each in found.dependencies.items()} == {
        "failing": "unreachable",
        "working": "ok",
        "optional": "unreachable",
    }
    assert not found.ready
    assert [(entry["event"], entry["error_type"]) for entry in logs] == [("check_failed", "UnicodeError")] * 2
    assert "u-secret" not in str(logs)


@pytest.mark.slow
async def test_readiness_and_metrics_work_with_a_malformed_source_url() -> None:
    sources = '[[source]]\ntype = "postgresql"\nkind = "user"\nurl = "postgresql://u:p@db..example/x"\n'
    async with client_of(redis_url=f"redis://127.0.0.1:{free_port()}/0", sources=sources) as client:
        response = await client.get("/readyz")
        assert response.status_code == 503
        assert _states(response)["postgresql"] == "unreachable"
        assert (await client.get("/metrics")).status_code == 200


async def test_metrics_count_keys_without_showing_them(redis_server: RedisServer, city: Path) -> None:
    redis_server.put(**{"user:u1": {"user_segment": "new"}})
    async with client_of(redis_url=redis_server.url, geoip_city_path=city) as client:
        await ask(client, [("ip", LONDON), ("ip", LONDON), ("ip", "u-secret"), ("user", "u1"), ("user", "u-secret")])
        await client.post(PATH, content=b"{}")
        text = (await client.get("/metrics")).text
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["lookup_keys_total", "ip", "ok"] == 2
    assert samples["lookup_keys_total", "invalid", "ip"] == 1
    assert samples["lookup_keys_total", "ok", "user"] == 1
    assert samples["lookup_keys_total", "missing", "user"] == 1
    assert samples["lookup_requests_total", "200"] == 1
    assert samples["lookup_requests_total", "422"] == 1
    assert samples["lookup_request_seconds_count",] == 1
    assert samples["lookup_dependency_up", "redis"] == samples["lookup_dependency_up", "geoip"] == 1
    assert samples["lookup_source_keys", "geoip", "ip"] == 1
    assert samples["lookup_cache_entries", "geoip", "ip"] == 1
    assert samples["lookup_refused_update", "geoip"] == 0
    assert LONDON not in text
    assert "secret" not in text


async def test_metrics_show_what_is_down() -> None:
    async with client_of(redis_url=f"redis://127.0.0.1:{free_port()}/0") as client:
        text = (await client.get("/metrics")).text
    assert 'lookup_dependency_up{dependency="redis"} 0.0' in text
    assert 'lookup_dependency_up{dependency="redis_profiles"} 0.0' in text


async def test_openapi_describes_lookups_with_valid_examples(redis_server: RedisServer, city: Path) -> None:
    async with client_of(redis_url=redis_server.url, geoip_city_path=city) as client:
        document = (await client.get("/openapi.json")).json()
        post = document["paths"][PATH]["post"]
        request = post["requestBody"]["content"]["application/json"]
        answer = post["responses"]["200"]["content"]["application/json"]
        real = await client.post(PATH, content=msgspec.json.encode(request["example"]))
    assert post["parameters"][0]["name"] == DEADLINE_HEADER
    assert {"413", "422"} <= post["responses"].keys()
    components = {"components": document["components"]}
    jsonschema.validate(request["example"], request["schema"] | components)
    jsonschema.validate(answer["example"], answer["schema"] | components)
    jsonschema.validate(real.json(), answer["schema"] | components)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"keys": [{"kind": "car", "key": "a"}]}, request["schema"] | components)


async def test_every_example_in_openapi_is_valid(redis_server: RedisServer) -> None:
    async with client_of(redis_url=redis_server.url, sources="") as client:
        document = (await client.get("/openapi.json")).json()
    components = {"components": document["components"]}
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    bodies = [operation.get("requestBody", {}) for operation in operations]
    bodies += [answer for operation in operations for answer in operation["responses"].values()]
    shown = [media for body in bodies for media in body.get("content", {}).values() if "example" in media]
    assert len(shown) >= 10
    for media in shown:
        jsonschema.validate(media["example"], media["schema"] | components)
    raw_event = document["paths"]["/v1/enrich"]["post"]["requestBody"]["content"]["application/json"]["example"][0]
    msgspec.convert(raw_event | {"attributes": msgspec.Raw(b"{}")}, RawEvent)


async def test_other_paths_and_methods() -> None:
    async with client_of(redis_url=f"redis://127.0.0.1:{free_port()}/0") as client:
        assert (await client.get("/nothing")).status_code == 404
        assert (await client.get(PATH)).status_code == 405
        assert (await client.post(PATH, content=body_of([]))).status_code == 200


@pytest.mark.slow
async def test_the_dependencies_are_checked_at_most_once_a_second_for_any_number_of_callers() -> None:
    checks = 0

    async def check() -> Readiness:
        nonlocal checks
        checks += 1
        await asyncio.sleep(0.05)
        return Readiness(ready=checks > 1, dependencies={})

    readiness = CachedReadiness(check)
    cancelled = asyncio.create_task(readiness.get())
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(readiness.get()) for _ in range(50)]
    await asyncio.sleep(0)
    cancelled.cancel()  # the others still get the result
    assert [found.ready for found in await asyncio.gather(*others)] == [False] * 50
    assert (await readiness.get()).ready is False
    assert checks == 1
    await asyncio.sleep(CACHE_S)
    assert (await readiness.get()).ready is True
    assert checks == 2


async def test_a_failed_check_is_not_cached() -> None:
    checks = 0

    async def check() -> Readiness:
        nonlocal checks
        checks += 1
        if checks == 1:
            raise RuntimeError
        return Readiness(ready=True, dependencies={})

    readiness = CachedReadiness(check)
    with pytest.raises(RuntimeError):
        await readiness.get()
    assert (await readiness.get()).ready is True
