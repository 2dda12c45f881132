"""The gauges of the mirror of opt-outs."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assurance.servers.wait import wait_until
from common.opt_outs.former import SET
from common.opt_outs.redis_client import connect
from common.opt_outs.store import OptOutStore
from common.opt_outs.suppression import Suppression, suppress
from enrichment_job.consent.opt_out_gauges import OptOutGauges
from tests.redis_server import DurableRedis


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DurableRedis]:
    with DurableRedis(tmp_path) as running:
        with closing(OptOutStore(connect(running.url))) as store:
            store.init()
        yield running


class _Gauge:
    value = -1
    updates = 0

    def update(self, value: int) -> None:
        self.value = value
        self.updates += 1


class _Group:
    def __init__(self) -> None:
        self.gauges: dict[str, _Gauge] = {}
        self.groups: dict[str, _Group] = {}

    def distribution(self, name: str) -> _Gauge:
        return self.gauges.setdefault(name, _Gauge())

    def add_group(self, name: str) -> "_Group":
        return self.groups.setdefault(name, _Group())


@pytest.mark.servers
def test_the_mirror_is_measured(server: DurableRedis) -> None:
    suppress(server.client, "u1", "u2")
    server.client.sadd(SET, b"\xff")
    group = _Group()
    with closing(Suppression(server.url, refresh_ms=20)) as mirror:
        gauges = OptOutGauges(group, mirror)
        for _ in range(3):
            gauges.flush()
        values = {name: gauge.value for name, gauge in group.gauges.items()}
        assert values == {
            "suppression_age_ms": 0,
            "suppression_size": 2,
            "suppression_skipped": 1,
            "suppression_store_lost": 0,
        }
        assert group.gauges["suppression_size"].updates == 2, "an unchanged value must not cross into the JVM"
        assert group.groups["KinesisAnalytics"].gauges["suppression_size"].value == 2
        server.client.flushall()
        wait_until(lambda: mirror.health().store_lost, what="the loss is reported")
        server.kill()
        wait_until(lambda: mirror.health().age_ms >= 1_000, what="the mirror is out of date")
        gauges.flush()
    assert group.gauges["suppression_store_lost"].value == 1
    assert group.gauges["suppression_age_ms"].value >= 1_000


def test_without_a_mirror_nothing_is_measured() -> None:
    group = _Group()
    OptOutGauges(group, None).flush()
    assert not group.gauges
    assert not group.groups
