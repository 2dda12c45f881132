"""The job's warm start with the real lookup service and Redis: what a restarted job finds in its cache."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import redis

from common.secret import Secret
from contracts.lookup_api.lookups import API_KEY_HEADER, Kind
from enrichment_job.config import LookupConfig
from enrichment_job.lookups.engine import LookupEngine
from enrichment_job.lookups.warm_start import WarmStart
from lookup_service.seed.database import seed
from lookup_service.seed.profiles import listing_id, user_id
from tests.enrichment_job.lookups.test_engine import RECEIVER
from tests.lookup_service.lookup_harness import ServerProcess, source
from tests.redis_fixtures import empty, redis_url

__all__ = ["empty", "redis_url"]
pytestmark = pytest.mark.servers
JOB, OTHER, ADMIN = "j" * 32, "o" * 32, "a" * 32
KEYS: Sequence[tuple[Kind, str]] = [
    *[("user", user_id(number)) for number in range(1, 41)],
    *[("listing", listing_id(number)) for number in range(1, 41)],
    *[("network", f"10.0.0.{number}") for number in range(40)],
    ("user", "nobody"),
]
"""Users are in SQLite, which is asked again; listings are kept in Redis, and ranges of addresses in memory."""


@pytest.fixture
def sources(tmp_path: Path) -> str:
    database = tmp_path / "profiles.db"
    seed(f"sqlite:///{database}", user_count=40, listing_count=40, seed_number=1)
    ranges = tmp_path / "hosting.txt"
    ranges.write_text("10.0.0.0/27 hosting\n")
    return (
        source("sqlite", kind="user", path=str(database))
        + source("sqlite", kind="listing", path=str(database), cache={"shared": True, "ttl_s": 300, "memory_s": 0.2})
        + source("address_ranges", meaning="hosting", name="hosting", path=str(ranges))
    )


@pytest.fixture
def service(tmp_path: Path, sources: str, empty: "redis.Redis", redis_url: str) -> Iterator[ServerProcess]:
    assert empty.ping()
    with ServerProcess(
        tmp_path / "log",
        redis_url=redis_url,
        sources=sources,
        api_keys=f"job:{JOB}:lookup,other:{OTHER},admin:{ADMIN}:admin",
    ) as running:
        yield running


def _started(service: ServerProcess, engines: list[LookupEngine], key: str = JOB) -> tuple[LookupEngine, WarmStart]:
    """An engine as a task has it when it takes its first event."""
    config = LookupConfig(
        url=str(service.client.base_url), api_key=Secret(key), deadline_ms=10_000, request_timeout_ms=10_000
    )
    engine = LookupEngine(config, RECEIVER)
    engines.append(engine)
    return engine, engine.warm_up()


def _ask(engine: LookupEngine, keys: Sequence[tuple[Kind, str]] = KEYS) -> list[tuple[str, bytes]]:
    asked = [engine.ask(kind, key, time.monotonic()) for kind, key in keys]
    until = time.monotonic() + 20
    while any(each.result is None for each in asked):
        assert time.monotonic() < until
        time.sleep(0.002)
    return [(each.result.status, each.result.value) for each in asked if each.result is not None]


def test_after_a_restart_the_keys_that_were_in_use_are_hits_with_the_same_results(
    service: ServerProcess, engines: list[LookupEngine]
) -> None:
    first, start = _started(service, engines)
    assert (start.end, start.kept) == ("complete", 0)
    before = _ask(first)
    first.close()
    time.sleep(0.3)  # what is in Redis, too, is read from there again
    second, start = _started(service, engines)
    assert (start.end, start.kept, start.ignored) == ("complete", len(KEYS), 0)
    now = time.monotonic()
    assert all(second.cache[kind].fresh(key, now) for kind, key in KEYS)
    assert _ask(second) == before
    assert second.counts.requests == 0
    assert {status for status, _ in before} == {"ok", "missing"}


def test_another_job_is_not_told_what_this_one_asked_for(service: ServerProcess, engines: list[LookupEngine]) -> None:
    _ask(_started(service, engines)[0])
    assert _started(service, engines, OTHER)[1].kept == 0
    assert _started(service, engines, "x" * 32)[1].end == "refused"


def test_a_service_that_was_restarted_too_knows_nothing_and_the_job_starts_as_without_it(
    tmp_path: Path, sources: str, redis_url: str, service: ServerProcess, engines: list[LookupEngine]
) -> None:
    before = _ask(_started(service, engines)[0])
    service.process.kill()
    (tmp_path / "again").mkdir()
    with ServerProcess(
        tmp_path / "again" / "log", redis_url=redis_url, sources=sources, api_keys=f"job:{JOB}:lookup"
    ) as restarted:
        engine, start = _started(restarted, engines)
        assert (start.end, start.kept) == ("complete", 0)
        assert _ask(engine) == before
        assert engine.counts.requests > 0


def test_an_invalidated_key_is_not_offered(service: ServerProcess, engines: list[LookupEngine]) -> None:
    _ask(_started(service, engines)[0], KEYS[:2])
    kind, key = KEYS[0]
    service.client.headers[API_KEY_HEADER] = ADMIN
    assert service.client.delete(f"/v1/cache/{kind}/{key}").status_code == 200
    engine, start = _started(service, engines)
    assert start.kept == 1
    assert engine.cache[kind].fresh(key, time.monotonic()) is None


def test_the_log_of_the_service_shows_no_key(service: ServerProcess, engines: list[LookupEngine]) -> None:
    _ask(_started(service, engines)[0])
    _started(service, engines)
    text = service.log.read_text()
    assert user_id(1) not in text
    assert "10.0.0." not in text
