"""The rules and limits that ``/v1/risk`` judges by are those of the job, whatever was at their key before."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.risk.facets.limits import FacetLimits
from core.risk.stored_state import RULES_KEY, LogLimits
from lookup_service.metrics import Metrics
from lookup_service.resolving.shared_redis import SharedRedis
from lookup_service.risk.rules_in_use import RulesInUse, rules_of
from tests.lookup_service.lookup_harness import RedisServer
from tests.lookup_service.risk.samples import LIMIT, rule_set, rule_text, stored_rules

pytestmark = pytest.mark.anyio


@pytest.fixture
async def in_use(redis_server: RedisServer) -> AsyncIterator[RulesInUse]:
    redis = SharedRedis(redis_server.url, timeout_s=5)
    yield RulesInUse(redis, Metrics(), None)
    await redis.close()


async def test_the_same_rules_after_garbage_are_no_refusal(in_use: RulesInUse, redis_server: RedisServer) -> None:
    for value, is_refused in (
        (stored_rules()[RULES_KEY], False),
        (b"garbage", True),
        (stored_rules()[RULES_KEY], False),
    ):
        redis_server.put(**{RULES_KEY: value})
        await in_use.refresh()
        assert in_use.is_refused is is_refused
        assert in_use.rules is not None
        assert in_use.rules.version == rule_set().version


async def test_the_job_starts_again_with_other_limits(in_use: RulesInUse, redis_server: RedisServer) -> None:
    for events in (64, 256):
        limits = LogLimits(FacetLimits(events=events, lateness_ms=1000))
        redis_server.put(**stored_rules(limits=limits))
        await in_use.refresh()
        assert in_use.limits == limits


def test_both_endings_of_rule_files_are_read(tmp_path: Path) -> None:
    events, _, decisions = rule_text(LIMIT).rpartition("---")
    (tmp_path / "rules.yml").write_text(events)
    (tmp_path / "decisions.yaml").write_text(decisions)
    found = rules_of(tmp_path)
    assert not isinstance(found, tuple)
    assert found.rules.keys() == rule_set().rules.keys()
