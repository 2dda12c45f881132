"""The store of opt-outs is flushed, replaced, corrupted and down while the job runs: no opt-out is lost."""

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.opt_outs.redis_client import connect
from common.opt_outs.store import CHANGES, OptOutStore
from common.opt_outs.suppression import suppress, withdraw
from tests.core.samples import raw
from tests.integration.conftest import Pipeline
from tests.integration.pipeline_run import PipelineRun
from tests.redis_server import DurableRedis

_SEEN_S = 1.0
_BACK_S = 20.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DurableRedis]:
    with DurableRedis(tmp_path) as running:
        store = OptOutStore(connect(running.url))
        store.init()
        store.close()
        yield running


class Visits:
    """Sends events of users who have opted out, and of one who has not."""

    def __init__(self, run: PipelineRun) -> None:
        self.opted_out: set[str] = set()
        self.consented: set[str] = set()
        self._run = run
        self._numbers = itertools.count()

    def send(self, *opted_out: str) -> None:
        number = next(self._numbers)
        for user in opted_out:
            self.opted_out.add(self.send_one(user, number))
        self.consented.add(self.send_one("u-in", number))

    def send_one(self, user: str, number: int) -> str:
        event_id = f"{user}-visit-{number}"
        actor = {"user_id": user, "domain_userid": f"d-{user}"}
        self._run.send_values(raw({"event_id": event_id, "actor": actor, "attributes": {}}))
        return event_id


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _BACK_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_opt_outs_survive_every_loss_of_their_store(pipeline: Pipeline, server: DurableRedis) -> None:
    suppress(server.client, "u-out")
    run = pipeline({"privacy": {"suppression.redis.url": server.url}})
    visits = Visits(run)
    visits.send("u-out")
    suppress(server.client, "d-u-browser")
    time.sleep(_SEEN_S)
    out = ("u-out", "u-browser")
    visits.send(*out)

    server.client.flushall()
    visits.send(*out)
    _until(lambda: server.client.zcard(CHANGES) == 2)
    visits.send(*out)

    server.client.zadd(CHANGES, {b"+\xff\xfe": 1})
    server.client.sadd("privacy:suppressed", b"\xff")
    time.sleep(_SEEN_S)
    visits.send(*out)

    server.kill()
    visits.send(*out)
    time.sleep(3 * _SEEN_S)
    visits.send(*out)
    server.start()
    visits.send(*out)

    server.kill()
    server.start(data="an empty one")
    visits.send(*out)
    _until(lambda: server.client.zcard(CHANGES) == 2)
    visits.send(*out)

    # The task's mirror is lost, but it has restored the store before.
    run.outcome()
    run.kill_task_managers()
    visits.send(*out)
    run.start_task_managers()
    outcome = run.outcome(idle_s=60)
    visits.send(*out)

    withdraw(server.client, "u-out")
    time.sleep(_SEEN_S)
    visits.send("u-browser")
    visits.consented.add(visits.send_one("u-out", 99))
    outcome = run.outcome(idle_s=30)

    assert outcome.balance.balanced, outcome.balance
    assert len(visits.opted_out) > 20
    for records in (outcome.enriched, outcome.personalization, outcome.behaviour):
        assert {record["event_id"] for record in records} == visits.consented
