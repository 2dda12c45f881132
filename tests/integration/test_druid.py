"""A real Druid on the enriched topic: every committed event once, also after its tasks were killed."""

import itertools
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from contracts import topics
from deploy.druid.client import Druid, DruidError
from deploy.druid.queries import QUERIES, query
from deploy.druid.specs import GRAINS, Grain, Ingestion, compaction, datasource, retention, supervisor
from ledger.topic_reader import TopicReader
from producers.generator import GeneratorSettings, generate
from producers.record import Record

from .conftest import Pipeline

URL = os.environ.get("DRUID_URL")
EVENTS = 6_000
PER_SECOND = 400
_PATIENCE_S = 120
pytestmark = [
    pytest.mark.skipif(URL is None, reason="DRUID_URL (and DRUID_OVERLORD_URL, without a router) names no Druid"),
    pytest.mark.timeout(600),
]


class _Sources:
    """Datasources of this run alone, so that what an earlier run left in Druid does not count."""

    def __init__(self, druid: Druid, bootstrap_servers: str) -> None:
        self.druid = druid
        self._suffix = f"_{time.time_ns()}"
        self._how = Ingestion(bootstrap_servers=bootstrap_servers)

    def name(self, grain: Grain) -> str:
        return datasource("analytics", grain) + self._suffix

    def post(self) -> None:
        for grain in GRAINS:
            spec: dict[str, Any] = json.loads(json.dumps(supervisor("analytics", grain, self._how)))
            spec["spec"]["dataSchema"]["dataSource"] = self.name(grain)
            self.druid.set_retention(self.name(grain), retention(grain))
            self.druid.set_compaction(compaction("analytics", grain) | {"dataSource": self.name(grain)})
            assert self.druid.post_supervisor(spec) == self.name(grain)

    def total(self, grain: Grain) -> int:
        what = "COUNT(*)" if grain == "events" else "SUM(events)"
        try:
            (row,) = self.druid.sql(f'SELECT {what} AS n FROM "{self.name(grain)}"', useCache=False)  # noqa: S608
        except DruidError:
            return 0  # no task serves it yet, or again
        return int(row["n"] or 0)

    def kill_tasks(self) -> int:
        tasks = [task for grain in GRAINS for task in self.druid.running_tasks(self.name(grain))]
        for task in tasks:
            self.druid.shut_down_task(task)
        return len(tasks)

    def rows(self, name: str) -> list[dict[str, Any]]:
        text = query(name, "analytics", since="__time > TIMESTAMP '2000-01-01'")
        return self.druid.sql(text.replace(datasource("analytics", "minutes"), self.name("minutes")))

    def close(self) -> None:
        for grain in GRAINS:
            self.druid.terminate_supervisor(self.name(grain))


@pytest.fixture
def druid() -> Iterator[Druid]:
    assert URL is not None
    with Druid(URL, overlord=os.environ.get("DRUID_OVERLORD_URL")) as client:
        yield client


def _committed(bootstrap_servers: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with TopicReader(bootstrap_servers, [topics.ANALYTICS.name], isolation="read_committed", find_end=True) as reader:
        while not reader.at_end:
            found += [json.loads(message.value() or b"") for message in reader.batch(0.5)]
    return found


def _steadily() -> Iterator[Record]:
    began = time.monotonic()
    for number, record in enumerate(generate(GeneratorSettings(events=EVENTS, users=2_000, listings=5_000))):
        if (ahead := began + number / PER_SECOND - time.monotonic()) > 0.005:
            time.sleep(ahead)
        yield record


def _wait_for(sources: _Sources, rows: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while min(found := [sources.total(grain) for grain in GRAINS]) < rows:
        assert time.monotonic() < deadline, f"{found} of {rows} events can be queried"
        time.sleep(0.5)


def test_druid_has_what_the_ledger_has_after_its_tasks_were_killed(pipeline: Pipeline, druid: Druid) -> None:
    run = pipeline()
    sources = _Sources(druid, run.stack.bootstrap_servers)
    sources.post()
    sender = threading.Thread(target=run.send, args=(_steadily(),))
    sender.start()
    try:
        _wait_for(sources, 500)
        assert sender.is_alive()
        assert sources.kill_tasks() == 2
        sender.join()
        outcome = run.outcome()
        assert outcome.balance.balanced, outcome.balance
        committed = _committed(run.stack.bootstrap_servers)
        _wait_for(sources, len(committed))
        time.sleep(3)  # doubles would come after the last
        asked = f'SELECT event_id, COUNT(*) AS n FROM "{sources.name("events")}" GROUP BY 1'  # noqa: S608
        counted = {row["event_id"]: row["n"] for row in druid.sql(asked, useApproximateTopN=False)}
        assert counted == Counter(event["event_id"] for event in committed)
        assert sources.total("minutes") == len(committed)
        _check_queries(sources, committed)
    finally:
        sender.join()
        sources.close()


def _check_queries(sources: _Sources, committed: list[dict[str, Any]]) -> None:
    answers = {name: sources.rows(name) for name in QUERIES}
    assert all(answers.values())
    assert sum(row["events"] for row in answers["events_over_time"]) == len(committed)
    assert sum(row["events"] for row in answers["crawler_share"]) == len(committed)
    people = {row["country"]: row for row in answers["visitors_by_country"]}
    visits = itertools.groupby(
        sorted(
            (event.get("geo_country", "(unknown)"), event.get("domain_userid", event.get("user_id")))
            for event in committed
            if not event.get("user_agent_is_crawler", False) and ("domain_userid" in event or "user_id" in event)
        ),
        key=lambda visit: visit[0],
    )
    exact = {country: len({visitor for _, visitor in found}) for country, found in visits}
    # Sketches are exact for as few as these.
    assert {country: row["visitors"] for country, row in people.items()}.items() <= exact.items()
    (conversion,) = answers["conversion"]
    assert conversion["viewers"] > conversion["buyers"] >= 0
