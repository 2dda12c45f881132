"""Compares Druid's datasources with the ledger: each must have every committed event exactly once."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assurance.reconciliation.balancing.counts import LIMIT
from assurance.reconciliation.sinks.comparison import compare_sink
from contracts.purposes.model import Purpose
from deploy.druid.client import Druid, DruidError
from deploy.druid.fields import Grain
from deploy.druid.specs import PREFIX, datasource, grains

EVER = "__time >= MILLIS_TO_TIMESTAMP(0)"
Ids = Mapping[str | None, int]
"""Event id → how often it occurs. An event that a producer sends twice is twice in the topic and in Druid."""
_POLL_S = 0.5


@dataclass(frozen=True)
class Finding:
    """One datasource compared. A rolled-up datasource has no event ids, so only its sum of events is compared."""

    datasource: str
    expected: int
    found: int
    missing_ids: tuple[str, ...] = ()
    """The first 20; so are ``surplus_ids``."""
    surplus_ids: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        return self.expected == self.found and not self.missing_ids and not self.surplus_ids


def compare(name: str, expected: Ids, found: Ids) -> Finding:
    """Compares a datasource's event ids with the expected ones. Pure."""
    expected, found = Counter(expected), Counter(found)
    report = compare_sink(name, {name: found}, {name: expected})
    surplus = [*report.duplicate_ids, *report.unexpected_ids][:LIMIT]
    return Finding(name, expected.total(), found.total(), tuple(report.missing_ids), tuple(surplus))


@dataclass(frozen=True)
class _Datasource:
    """``when`` is a condition on ``__time``."""

    druid: Druid
    name: str
    grain: Grain
    when: str

    def count(self) -> int:
        """Number of events, rolled up or not. Raises DruidError if no server has the datasource."""
        expression = "COUNT(*)" if self.grain == "events" else "SUM(events)"
        (row,) = self._select(expression + " AS n")
        return int(row["n"] or 0)

    def count_so_far(self) -> int:
        """0 if the query fails: the datasource has no rows yet, or its task is being replaced."""
        try:
            return self.count()
        except DruidError:
            return 0

    def finding(self, ids: Ids) -> Finding:
        exists = self.name in self.druid.datasources()
        if self.grain != "events":
            return Finding(self.name, sum(ids.values()), self.count() if exists else 0)
        rows = self._select("event_id") if exists else []
        return compare(self.name, ids, Counter(row["event_id"] for row in rows))

    def _select(self, expression: str) -> list[dict[str, Any]]:
        return self.druid.sql(f'SELECT {expression} FROM "{self.name}" WHERE {self.when}', useCache=False)  # noqa: S608 - ours


def check(
    druid: Druid,
    purposes: Sequence[Purpose],
    ids: Mapping[str, Ids],
    *,
    prefix: str = PREFIX,
    when: str = EVER,
    idle_s: float = 5.0,
) -> list[Finding]:
    """Waits until every datasource has its topic's events, or none had a new event for ``idle_s``; then compares.

    :param ids: topic → event ids.
    :param when: the condition on ``__time`` that selects exactly these events. Rolled-up datasources keep whole minutes
        only, so it must begin and end at a full minute.
    :raises DruidError: if Druid or a datasource cannot be queried after the wait.
    """
    datasources = [
        (_Datasource(druid, datasource(purpose.name, grain, prefix), grain, when), ids.get(purpose.topic, {}))
        for purpose in purposes
        for grain in grains(purpose)
    ]
    expected = [sum(topic_ids.values()) for _, topic_ids in datasources]
    _wait_for(lambda: [each.count_so_far() for each, _ in datasources], expected, idle_s)
    return [each.finding(topic_ids) for each, topic_ids in datasources]


def _wait_for(count: Callable[[], list[int]], expected: list[int], idle_s: float) -> None:
    found, since = count(), time.monotonic()
    while found != expected and time.monotonic() - since < idle_s:
        time.sleep(_POLL_S)
        if (now := count()) != found:
            found, since = now, time.monotonic()


def report(findings: Sequence[Finding]) -> Iterator[str]:
    """Lines to print, one for each datasource and each list of ids."""
    for each in findings:
        verdict = "as in the ledger" if each.agrees else f"the ledger has {each.expected:,}"
        yield f"{each.datasource}: {each.found:,} events, {verdict}"
        for name, ids in (("missing", each.missing_ids), ("too many", each.surplus_ids)):
            if ids:
                first = f", the first {LIMIT}" if len(ids) == LIMIT else ""
                yield f"  {name}{first}: {', '.join(ids)}"
