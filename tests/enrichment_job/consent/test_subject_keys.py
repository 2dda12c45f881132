import base64
import time

import msgspec
import pytest
import redis

from contracts.lookup_api.lookups import LookupResult
from core.flat_event import EnrichmentResult
from enrichment_job.config import LookupConfig
from enrichment_job.consent.subject_erasure import destroy, name_of
from enrichment_job.consent.subject_keys import SubjectKeyResults, SubjectKeyStore
from enrichment_job.lookups.engine import LookupEngine


def _engine(url: str, *, ttl_ms: int = 50) -> LookupEngine:
    config = LookupConfig(
        url="http://unused",
        linger_ms=1,
        deadline_ms=60_000,
        request_timeout_ms=60_000,
        cache_ttl_ms=ttl_ms,
        cache_negative_ttl_ms=ttl_ms,
        cache_stale_ms=0,
    )
    return LookupEngine(config, SubjectKeyResults(), lambda: SubjectKeyStore(url, 10_000))


def _answer(engine: LookupEngine, user: str) -> EnrichmentResult:
    pending = engine.ask("user", user, time.monotonic())
    deadline = time.monotonic() + 10
    while pending.result is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    return pending.result


def test_a_key_is_made_once_and_is_the_same_for_every_job(redis_url: str, client: redis.Redis) -> None:
    first, second = _engine(redis_url), _engine(redis_url)
    try:
        found = _answer(first, "u1")
        assert found.status == "ok"
        assert len(found.value) == 32
        assert _answer(second, "u1").value == found.value
        assert _answer(first, "u2").value != found.value
        assert client.exists("privacy:subject_key:u1")
    finally:
        first.close()
        second.close()


def test_a_destroyed_key_stays_destroyed_for_that_subject_alone(redis_url: str, client: redis.Redis) -> None:
    engine = _engine(redis_url)
    try:
        before = _answer(engine, "u2")
        _answer(engine, "u1")
        destroy(client, "u1")
        time.sleep(0.06)  # what is remembered is forgotten
        assert _answer(engine, "u1").status == "missing"
        assert _answer(engine, "u1").value == b""
        assert _answer(engine, "u2").value == before.value
    finally:
        engine.close()


def test_a_store_that_is_down_gives_no_key() -> None:
    engine = _engine("redis://127.0.0.1:1/0")
    try:
        assert _answer(engine, "u1").status == "error"
    finally:
        engine.close()


@pytest.mark.parametrize(
    "poison",
    [
        b"not base64!",
        b"\xff\xfe",
        b"",
        base64.b64encode(b"x" * 31),
        base64.b64encode(b"x" * 33),
        base64.b64encode(b"x" * 32)[:-1],
        base64.b64encode(b"x" * 32) + b"\n",
        None,
    ],
    ids=str,
)
def test_what_is_no_key_is_that_accounts_error_and_the_others_have_theirs(
    redis_url: str, client: redis.Redis, poison: bytes | None
) -> None:
    if poison is None:
        client.hset(name_of("bad").decode(), "a", "b")  # of another type altogether
    else:
        client.set(name_of("bad"), poison)
    engine = _engine(redis_url)
    try:
        now = time.monotonic()
        lookups = [engine.ask("user", user, now) for user in ("u1", "bad", "u2", "\ud83d")]
        deadline = time.monotonic() + 10
        while any(pending.result is None for pending in lookups):
            assert time.monotonic() < deadline
            time.sleep(0.002)
        found = [pending.result for pending in lookups if pending.result is not None]
        assert [answer.status for answer in found] == ["ok", "error", "ok", "ok"]
        assert found[1].value == b""
        assert engine.breaker.state(time.monotonic()) == "closed"
        client.delete(name_of("bad"))
        assert _answer(engine, "bad").status == "ok"
    finally:
        engine.close()


@pytest.mark.parametrize(
    "result",
    [
        LookupResult(status="ok"),
        LookupResult(status="ok", value=msgspec.Raw(b'"AAAA"')),
        LookupResult(status="stale", value=msgspec.Raw(b'"AAAA"')),
    ],
)
def test_no_pseudonym_is_made_without_a_whole_key(result: LookupResult) -> None:
    answer = SubjectKeyResults().of_result("user", result)
    assert answer.status != "ok"
    assert answer.value == b""
