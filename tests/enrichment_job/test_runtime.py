"""The worker runtime: opened once for each configuration, closed with its last user, and never opened in part."""

import time
from collections.abc import Iterator

import msgspec
import pytest

from common.secret import RedisUrl
from contracts.purposes.load import REFERENCE, load_purposes
from core.privacy.key_ring import KeyRingError
from enrichment_job import runtime
from enrichment_job.config import LookupConfig, PrivacyConfig
from enrichment_job.runtime import RuntimeConfig
from tests.core.privacy.keys import KEYS
from tests.enrichment_job.lookups.lookup_server import LookupServer
from tests.enrichment_job.lookups.recent_server import RecentServer, line

_KEYS = "KEYS_OF_A_RUNTIME"


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> Iterator[RuntimeConfig]:
    monkeypatch.setenv(_KEYS, KEYS.decode())
    with LookupServer() as server:
        lookup = LookupConfig(url=server.url)
        yield RuntimeConfig(lookup, PrivacyConfig(keys_source=f"env:{_KEYS}"), load_purposes(REFERENCE))


def test_equal_configurations_share_a_runtime_and_the_last_one_closes_it(config: RuntimeConfig) -> None:
    first, second = (
        runtime.acquire(config),
        runtime.acquire(RuntimeConfig(config.lookup, config.privacy, config.purposes)),
    )
    assert first is second
    runtime.release(first)
    assert first.engine._thread.is_alive(), "somebody still uses it"
    runtime.release(second)
    assert not first.engine._thread.is_alive()
    third = runtime.acquire(config)
    assert third is not first
    runtime.release(third)


def test_all_functions_of_a_runtime_find_its_cache_filled_once(config: RuntimeConfig) -> None:
    with RecentServer() as service:
        service.blocks = [line("u1")]
        lookup = msgspec.structs.replace(config.lookup, url=service.url)
        warm = RuntimeConfig(lookup, config.privacy, config.purposes)
        hot = runtime.acquire(warm)
        requests = service.requests
        cold = runtime.acquire(warm)
        assert hot.engine.cache["user"].fresh("u1", time.monotonic()) is not None
        assert service.requests == requests > 0
        for each in (hot, cold):
            runtime.release(each)


def test_a_service_that_cannot_fill_the_cache_does_not_stop_the_start(
    config: RuntimeConfig, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        runtime.release(runtime.acquire(config))
    [record] = [each for each in caplog.records if each.name == runtime.__name__]
    assert record.getMessage().startswith("warm start: refused, 0 results")


def test_other_configurations_have_runtimes_of_their_own(config: RuntimeConfig) -> None:
    other = RuntimeConfig(msgspec.structs.replace(config.lookup, deadline_ms=9), config.privacy, config.purposes)
    runtimes = [runtime.acquire(each) for each in (config, other)]
    assert runtimes[0] is not runtimes[1]
    for each in runtimes:
        runtime.release(each)


def test_without_keys_there_is_no_runtime(config: RuntimeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(_KEYS)
    with pytest.raises(KeyRingError, match=_KEYS):
        runtime.acquire(config)


def test_without_the_opt_outs_there_is_no_runtime(config: RuntimeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.opt_outs.suppression._FIRST_S", 0.0)
    privacy = msgspec.structs.replace(config.privacy, suppression_redis_url=RedisUrl("redis://127.0.0.1:9"))
    with pytest.raises(RuntimeError, match="no event may leave"):
        runtime.acquire(RuntimeConfig(config.lookup, privacy, config.purposes))
