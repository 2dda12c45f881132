"""The store of opt-outs is flushed, replaced, poisoned and away while the job runs: nobody is opted in by it."""

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.opt_outs.redis_client import connect
from common.opt_outs.store import CHANGES, OptOutStore
from common.opt_outs.suppression import suppress, withdraw
from tests.common.opt_outs.durable_redis import DurableRedis
from tests.core.samples import raw
from tests.integration.conftest import Pipeline
from tests.integration.pipeline_run import PipelineRun

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
    """Sends an event each of who is out and who is not, again and again."""

    def __init__(self, run: PipelineRun) -> None:
        self.out: set[str] = set()
        self.stays: set[str] = set()
        self._run = run
        self._numbers = itertools.count()

    def send(self, *out: str) -> None:
        number = next(self._numbers)
        for user in out:
            self.out.add(self.one(user, number))
        self.stays.add(self.one("u-in", number))

    def one(self, user: str, number: int) -> str:
        event_id = f"{user}-visit-{number}"
        actor = {"user_id": user, "domain_userid": f"d-{user}"}
        self._run.send_values(raw({"event_id": event_id, "actor": actor, "attributes": {}}))
        return event_id


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _BACK_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_nothing_that_happens_to_their_store_opts_anybody_in(pipeline: Pipeline, server: DurableRedis) -> None:
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

    # Its memory is lost, but not what it gave back.
    run.outcome()
    run.kill_task_managers()
    visits.send(*out)
    run.start_task_managers()
    outcome = run.outcome(idle_s=60)
    visits.send(*out)

    withdraw(server.client, "u-out")
    time.sleep(_SEEN_S)
    visits.send("u-browser")
    visits.stays.add(visits.one("u-out", 99))
    outcome = run.outcome(idle_s=30)

    assert outcome.balance.balanced, outcome.balance
    assert len(visits.out) > 20
    for records in (outcome.enriched, outcome.personalization):
        assert {record["event_id"] for record in records} == visits.stays
