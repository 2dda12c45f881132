"""``POST /v1/risk`` in this process, with a real Redis."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import httpx
import msgspec
import pytest

from contracts.lookup_api.lookups import UserProfile
from contracts.security.risk import PATH, RiskAnswer, RiskEvent
from core.risk.facets.limits import FacetLimits
from core.risk.facets.state import PACKING
from core.risk.observation import subject_key_of
from core.risk.stored_state import FACET_PREFIX, LogLimits, subject_key
from lookup_service.clock import now_ms
from lookup_service.endpoints.risk import assess
from lookup_service.http.openapi_examples import EXAMPLE_RISK_ANSWER, EXAMPLE_RISK_REQUEST
from lookup_service.metrics import Metrics
from lookup_service.resolving.shared_redis import SharedRedis
from lookup_service.risk.rules_in_use import POLL_S
from lookup_service.services import Services, open_services
from lookup_service.settings import Settings
from tests.lookup_service.lookup_harness import MILTON, RedisServer, client_of, deadline
from tests.lookup_service.risk.samples import (
    ADDRESS,
    LIMIT,
    USER,
    failures,
    rule_set,
    rule_text,
    states_after,
    stored_rules,
)

pytestmark = pytest.mark.anyio
SIGN_IN = {"event_name": "sign_in", "user_id": USER, "user_ipaddress": ADDRESS}


@pytest.fixture
async def client(redis_server: RedisServer, city: Path) -> AsyncIterator[httpx.AsyncClient]:
    """With the job's rules in Redis."""
    redis_server.put(**stored_rules())
    async with client_of(redis_url=redis_server.url, geoip_city_path=city) as opened:
        await _rules_in_use(opened)
        yield opened


async def _rules_in_use(client: httpx.AsyncClient, version: str | None = None) -> None:
    for _ in range(200):
        found = await _ask(client)
        if found.rules_version == (version or rule_set().version):
            return
        await asyncio.sleep(0.02)
    raise TimeoutError("the rules are not in use")


async def _ask(client: httpx.AsyncClient, deadline_ms: int = 2000, **fields: object) -> RiskAnswer:
    response = await client.post(PATH, json={"event": {**SIGN_IN, **fields}}, headers=deadline(deadline_ms))
    assert response.status_code == 200, response.text
    return msgspec.json.decode(response.content, type=RiskAnswer)


async def test_an_attacked_address_is_denied_with_the_reason_in_words(
    client: httpx.AsyncClient, redis_server: RedisServer
) -> None:
    redis_server.put(**states_after(failures(LIMIT - 1, before_ms=now_ms())))
    found = await _ask(client, attributes={"auth_outcome": "success"})
    assert (found.status, found.flow, found.decision, found.level) == ("ok", "sign_in", "deny", "critical")
    [reason] = found.reasons
    assert reason.code == "many_attempts"
    assert reason.words == f"{LIMIT} attempts to sign in from this address within 15 minutes (limit {LIMIT})"
    assert (found.score, found.rules_version) == (0.92, rule_set().version)
    assert found.state_age_ms is not None
    assert 0 <= found.state_age_ms < 60_000


async def test_one_attempt_less_is_not_denied(client: httpx.AsyncClient, redis_server: RedisServer) -> None:
    redis_server.put(**states_after(failures(LIMIT - 2, before_ms=now_ms())))
    found = await _ask(client)
    assert (found.status, found.decision, found.reasons) == ("ok", "allow", [])


async def test_to_ask_changes_nothing(client: httpx.AsyncClient, redis_server: RedisServer) -> None:
    states = states_after(failures(LIMIT - 2, before_ms=now_ms()))
    redis_server.put(**states)
    for _ in range(2 * LIMIT):
        assert (await _ask(client)).decision == "allow"
    assert {key: redis_server.client.get(key) for key in states} == states


async def test_an_event_that_the_job_has_seen_already_is_not_counted_twice(
    client: httpx.AsyncClient, redis_server: RedisServer
) -> None:
    events = failures(LIMIT - 1, before_ms=now_ms())
    redis_server.put(**states_after(events))
    again = events[-1]
    found = await _ask(client, event_id=again.event_id, collector_tstamp=again.collector_tstamp, user_id=again.user_id)
    assert (found.status, found.decision) == ("ok", "allow")


async def test_the_address_is_read_as_the_job_reads_it(client: httpx.AsyncClient, redis_server: RedisServer) -> None:
    redis_server.put(**states_after(failures(LIMIT - 1, before_ms=now_ms())))
    assert (await _ask(client, user_ipaddress=f"::ffff:{ADDRESS}")).decision == "deny"
    assert (await _ask(client, user_ipaddress="81.2.69.143")).decision == "allow"
    assert (await _ask(client, user_ipaddress="no address")).decision == "allow"


async def test_a_subject_that_was_never_seen_is_unknown_and_allowed(client: httpx.AsyncClient) -> None:
    found = await _ask(client)
    assert (found.status, found.decision, found.level, found.state_age_ms) == ("ok", "allow", "unknown", None)


async def test_a_state_that_cannot_be_read_is_an_error_and_counted(
    client: httpx.AsyncClient, redis_server: RedisServer
) -> None:
    states = states_after(failures(LIMIT - 1, before_ms=now_ms()))
    [facet] = [key for key in states if key.startswith(f"{FACET_PREFIX}address:")]
    head, packed = states[facet][:16], states[facet][16:]
    newer = (PACKING.number + 1).to_bytes(2) + packed[2:]
    for number, damaged in enumerate([head, head + packed[:3], head + newer, b"\0" * 40, b"x"], 1):
        redis_server.put(**{facet: damaged})
        found = await _ask(client)
        assert (found.status, found.decision, found.level) == ("error", "allow", "unknown")
        text = (await client.get("/metrics")).text
        assert f"lookup_risk_unreadable_states_total {number}.0" in text
    redis_server.put(**states)
    assert (await _ask(client)).status == "ok"
    redis_server.put(**{subject_key(subject_key_of("user", USER)): b"garbage that is long enough"})
    assert (await _ask(client)).status == "error"


async def test_a_value_of_another_type_is_an_error(client: httpx.AsyncClient, redis_server: RedisServer) -> None:
    """MGET gives nothing for it, so it counts as absent."""
    redis_server.client.rpush(subject_key(subject_key_of("user", USER)), "a list")
    assert (await _ask(client)).status == "ok"


async def test_no_rules_no_state(redis_server: RedisServer) -> None:
    async with client_of(redis_url=redis_server.url, sources="") as client:
        found = await _ask(client)
    assert found == RiskAnswer(status="no_state", flow="sign_in", decision="allow", level="unknown", score=0.0)


async def test_rules_of_files_until_the_job_has_written_its_own(redis_server: RedisServer, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(rule_text(LIMIT + 1))
    (tmp_path / "notes.txt").write_text("no rules")
    async with client_of(redis_url=redis_server.url, sources="", rules_path=tmp_path) as client:
        found = await _ask(client)
        assert (found.status, found.level) == ("no_state", "unknown")
        assert found.rules_version == rule_set(rule_text(LIMIT + 1)).version
        states = states_after(failures(LIMIT, before_ms=now_ms()))
        redis_server.put(**states)
        assert (await _ask(client)).decision == "deny"
        redis_server.put(**stored_rules())
        await _rules_in_use(client)
        redis_server.client.delete(*states)
        assert (await _ask(client)).status == "ok"


async def _rules_metrics(client: httpx.AsyncClient) -> Mapping[str, str]:
    lines = [line.split(" ") for line in (await client.get("/metrics")).text.splitlines()]
    return {line[0]: line[1] for line in lines if line[0].startswith("lookup_risk_rules")}


async def test_rules_that_cannot_be_used_leave_the_former(client: httpx.AsyncClient, redis_server: RedisServer) -> None:
    redis_server.put(**{"risk:rules": b"garbage"})
    found: Mapping[str, str] = {}
    assert (await _rules_metrics(client))["lookup_risk_rules_refused"] == "0.0"
    for _ in range(200):
        found = await _rules_metrics(client)
        if found["lookup_risk_rules_refused"] == "1.0":
            break
        await asyncio.sleep(0.02)
    assert found["lookup_risk_rules_refused"] == "1.0"
    assert found["lookup_risk_rules"] == f"{len(rule_set().rules)}.0"
    assert (await _ask(client)).rules_version == rule_set().version
    redis_server.client.delete("risk:rules")
    redis_server.client.rpush("risk:rules", "a list")
    await asyncio.sleep(1.2 * POLL_S)
    assert (await _ask(client)).status == "ok"
    redis_server.client.delete("risk:rules")
    text = rule_text(LIMIT + 7)
    redis_server.put(**stored_rules(text))
    await _rules_in_use(client, rule_set(text).version)


async def test_a_state_in_another_redis(redis_server: RedisServer) -> None:
    redis_server.put(**stored_rules(), **states_after(failures(LIMIT - 1, before_ms=now_ms())))
    async with client_of(redis_url="redis://127.0.0.1:1/0", risk_redis_url=redis_server.url, sources="") as client:
        await _rules_in_use(client)
        assert (await _ask(client)).decision == "deny"
        assert {"redis", "risk_redis"} <= set((await client.get("/readyz")).json()["dependencies"])


async def test_account_place_and_user_agent_are_looked_up(client: httpx.AsyncClient, redis_server: RedisServer) -> None:
    redis_server.put(**{f"user:{USER}": UserProfile(user_registered_tstamp=now_ms() - 1000)})
    assert [each.code for each in (await _ask(client)).reasons] == ["new_account"]
    found = await _ask(client, user_ipaddress=MILTON, useragent="Googlebot/2.1 (+http://www.google.com/bot.html)")
    assert [each.code for each in found.reasons] == ["from_milton", "new_account"]
    assert (found.status, found.decision, found.score) == ("ok", "allow", 0.581)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "$"),
        (b"[]", "$"),
        (b"{}", "event"),
        (b'{"event":{}}', "event.event_name"),
        (b'{"event":{"event_name":"page_view"}}', "event.event_name"),
        (b'{"event":{"event_name":"Sign in"}}', "event.event_name"),
        (b'{"event":{"event_name":"sign_in","user_id":""}}', "event.user_id"),
        (b'{"event":{"event_name":"sign_in","s3cret":1}}', "event"),
        (b'{"event":{"event_name":"sign_in","attributes":{"auth_outcome":"s3cret"}}}', "event.attributes.auth_outcome"),
        (b'{"event":{"event_name":"sign_in"},"s3cret":1}', "$"),
    ],
)
async def test_invalid_requests(client: httpx.AsyncClient, body: bytes, field: str) -> None:
    response = await client.post(PATH, content=body)
    assert (response.status_code, response.json()["field"]) == (422, field)
    assert "s3cret" not in response.text


async def test_an_invalid_deadline(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, json={"event": SIGN_IN}, headers={"x-deadline-ms": "soon"})
    assert (response.status_code, response.json()["field"]) == (422, "x-deadline-ms")


async def test_answers_are_counted(client: httpx.AsyncClient, redis_server: RedisServer) -> None:
    redis_server.put(**states_after(failures(LIMIT - 1, before_ms=now_ms())))
    await _ask(client)
    text = (await client.get("/metrics")).text
    assert 'lookup_risk_requests_total{decision="deny",status="ok"} 1.0' in text


async def test_many_at_once_each_have_their_own_answer(client: httpx.AsyncClient, redis_server: RedisServer) -> None:
    now = now_ms()
    attacked = [f"81.2.69.{number}" for number in range(1, 20, 2)]
    events = sorted(
        (event for address in attacked for event in failures(LIMIT - 1, before_ms=now, address=address)),
        key=lambda event: event.collector_tstamp,
    )
    redis_server.put(**states_after(events))
    addresses = [f"81.2.69.{number}" for number in range(1, 20)] * 5
    found = await asyncio.gather(*(_ask(client, 20_000, user_ipaddress=address) for address in addresses))
    for address, each in zip(addresses, found, strict=True):
        assert (each.status, each.decision) == ("ok", "deny" if address in attacked else "allow"), address


async def test_the_documented_example_is_a_request_and_an_answer(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, json=EXAMPLE_RISK_REQUEST)
    assert response.status_code == 200
    msgspec.convert(EXAMPLE_RISK_ANSWER, RiskAnswer)


class _Busy(SharedRedis):
    """As in a process that has so much to do that it sees an answer late."""

    async def get(self, keys: Sequence[str]) -> list[bytes | None] | None:
        found = await super().get(keys)
        time.sleep(0.2)  # noqa: ASYNC251 - to hold the whole process up
        return found


@pytest.fixture
async def services(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[Services]:
    """Without sources."""
    (tmp_path / "sources.toml").write_text("")
    settings = Settings(redis_url=redis_server.url, sources_path=tmp_path / "sources.toml")  # type: ignore[arg-type]  # pydantic
    async with open_services(settings, Metrics()) as opened:
        yield opened


async def _rules_known(services: Services) -> None:
    async with asyncio.timeout(10):
        while services.rules.rules is None:  # perhaps another task is compiling what it has seen
            await services.rules.refresh()
            await asyncio.sleep(0.01)


async def _assessed(services: Services, within_s: float = 5.0) -> RiskAnswer:
    return await assess(msgspec.convert(SIGN_IN, RiskEvent), services, until=time.perf_counter() + within_s)


async def test_nothing_is_judged_when_the_time_is_over(redis_server: RedisServer, services: Services) -> None:
    redis_server.put(**stored_rules(), **states_after(failures(LIMIT - 1, before_ms=now_ms())))
    await _rules_known(services)
    busy = dataclasses.replace(services, risk_redis=_Busy(redis_server.url, timeout_s=5))
    in_time, late = await _assessed(busy), await _assessed(busy, within_s=0.1)
    await busy.risk_redis.close()
    assert (in_time.status, in_time.decision) == ("ok", "deny")
    assert (late.status, late.decision, late.level) == ("timeout", "allow", "unknown")


@pytest.mark.parametrize(("kept", "decision"), [(LIMIT, "deny"), (LIMIT - 1, "allow")])
async def test_the_logs_have_the_limits_of_the_job(
    redis_server: RedisServer, services: Services, kept: int, decision: str
) -> None:
    limits = LogLimits(FacetLimits(events=kept))
    redis_server.put(**stored_rules(limits=limits), **states_after(failures(LIMIT - 1, before_ms=now_ms())))
    await _rules_known(services)
    assert (await _assessed(services)).decision == decision
