"""Server spans: only for requests with a sampled trace context, and without keys or addresses."""

from pathlib import Path

import httpx
import pytest

from assurance.servers.otlp import otlp_server
from contracts.lookup_api.lookups import PATH
from tests.lookup_service.lookup_harness import LONDON, RedisServer, ServerProcess, body_of, client_of, statuses

pytestmark = pytest.mark.anyio
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
KEYS = body_of([("ip", LONDON), ("user", "u-secret"), ("user", "nobody")])


async def _ask_all(client: httpx.AsyncClient) -> None:
    """One request of each kind; some have a sampled trace context."""
    assert (await client.post(PATH, content=KEYS)).status_code == 200
    assert (await client.post(PATH, content=KEYS, headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})).is_success
    assert (await client.post(PATH, content=KEYS, headers={"traceparent": "nonsense"})).is_success
    assert (await client.post(PATH, content=KEYS, headers=SAMPLED)).is_success
    assert (await client.post(PATH, content=b"{", headers=SAMPLED)).status_code == 422
    assert (await client.delete("/v1/cache/user/u-secret", headers=SAMPLED)).is_success
    assert (await client.get("/u-secret", headers=SAMPLED)).status_code == 404


async def test_a_sampled_request_has_a_span(
    redis_server: RedisServer, city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis_server.put(**{"user:u-secret": {"user_segment": "regular"}})
    with otlp_server() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        async with client_of(redis_url=redis_server.url, geoip_city_path=city) as client:
            await _ask_all(client)
    assert {(span.trace_id, span.parent_id, span.service) for span in collector.spans} == {
        (TRACE, PARENT, "clickstream-lookup")
    }
    found = sorted((span.name, span.attributes["http.response.status_code"]) for span in collector.spans)
    assert found == [("DELETE /v1/cache", 200), ("GET other", 404), (f"POST {PATH}", 200), (f"POST {PATH}", 422)]
    (answered,) = (
        span for span in collector.spans if span.attributes["http.response.status_code"] == 200 and PATH in span.name
    )
    counts = {name: count for name, count in answered.attributes.items() if name.startswith("clickstream.")}
    assert counts == {
        "clickstream.lookup.ip.ok": 1,
        "clickstream.lookup.user.ok": 1,
        "clickstream.lookup.user.missing": 1,
    }
    for text in (LONDON, "u-secret", "nobody"):
        assert text.encode() not in collector.raw


async def test_without_an_endpoint_a_context_is_ignored(redis_server: RedisServer, city: Path) -> None:
    async with client_of(redis_url=redis_server.url, geoip_city_path=city) as client:
        await _ask_all(client)


@pytest.mark.parametrize("hangs", [False, True])
def test_the_process_exits_whether_or_not_its_spans_can_be_sent(
    redis_server: RedisServer, city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    with otlp_server(hangs=hangs) as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        with ServerProcess(tmp_path / "log", redis_url=redis_server.url, geoip_city_path=city) as server:
            assert statuses(server.ask([("ip", LONDON)], SAMPLED)) == ["ok"]
            server.process.terminate()
            assert server.process.wait(20) == 0
        assert len(collector.spans) == (0 if hangs else 1)
