"""Holds Druid's datasources against the ledger: every committed event once, in each of them."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assurance.reconciliation.discrepancies import LIMIT
from assurance.reconciliation.sink_report import hold
from contracts.purposes.model import Purpose
from deploy.druid.client import Druid, DruidError
from deploy.druid.fields import Grain
from deploy.druid.specs import PREFIX, datasource, grains

EVER = "__time >= MILLIS_TO_TIMESTAMP(0)"
Ids = Mapping[str | None, int]
"""Event id to how often it is there: what producers send twice is twice in the topic and in Druid."""
_POLL_S = 0.5


@dataclass(frozen=True)
class Finding:
    """One datasource. Rolled up it has no ids, so that only the sum is known."""

    datasource: str
    expected: int
    found: int
    missing_ids: tuple[str, ...] = ()
    """The first 20, as are the others."""
    surplus_ids: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        return self.expected == self.found and not self.missing_ids and not self.surplus_ids


def compare(name: str, expected: Ids, found: Ids) -> Finding:
    """Every event once; pure."""
    wanted, there = Counter(expected), Counter(found)
    held = hold(name, {name: there}, {name: wanted})
    surplus = [*held.duplicate_ids, *held.unexpected_ids][:LIMIT]
    return Finding(name, wanted.total(), there.total(), tuple(held.missing_ids), tuple(surplus))


@dataclass(frozen=True)
class _Place:
    """``when`` is a condition on ``__time``."""

    druid: Druid
    name: str
    grain: Grain
    when: str

    def count(self) -> int:
        """Events, rolled up or not. Raises DruidError where nothing serves the datasource."""
        what = "COUNT(*)" if self.grain == "events" else "SUM(events)"
        (row,) = self._ask(what + " AS n")
        return int(row["n"] or 0)

    def count_so_far(self) -> int:
        """0 where it cannot be asked: it has no rows yet, or its task is being replaced."""
        try:
            return self.count()
        except DruidError:
            return 0

    def finding(self, ids: Ids) -> Finding:
        is_there = self.name in self.druid.datasources()
        if self.grain != "events":
            return Finding(self.name, sum(ids.values()), self.count() if is_there else 0)
        rows = self._ask("event_id") if is_there else []
        return compare(self.name, ids, Counter(row["event_id"] for row in rows))

    def _ask(self, what: str) -> list[dict[str, Any]]:
        return self.druid.sql(f'SELECT {what} FROM "{self.name}" WHERE {self.when}', useCache=False)  # noqa: S608 - ours


def check(
    druid: Druid,
    purposes: Sequence[Purpose],
    ids: Mapping[str, Ids],
    *,
    prefix: str = PREFIX,
    when: str = EVER,
    idle_s: float = 5.0,
) -> list[Finding]:
    """Waits until every datasource has its topic's events, at most until none has had a new one for ``idle_s``.

    ``ids`` is topic to event ids, ``when`` the condition on ``__time`` that holds for these and no others; where
    something is rolled up, it begins and ends with a minute. Raises DruidError, also where a datasource cannot be asked
    in the end.
    """
    places = [
        (_Place(druid, datasource(purpose.name, grain, prefix), grain, when), ids.get(purpose.topic, {}))
        for purpose in purposes
        for grain in grains(purpose)
    ]
    expected = [sum(wanted.values()) for _, wanted in places]
    _settle(lambda: [place.count_so_far() for place, _ in places], expected, idle_s)
    return [place.finding(wanted) for place, wanted in places]


def _settle(count: Callable[[], list[int]], expected: list[int], idle_s: float) -> None:
    found, since = count(), time.monotonic()
    while found != expected and time.monotonic() - since < idle_s:
        time.sleep(_POLL_S)
        if (now := count()) != found:
            found, since = now, time.monotonic()


def report(findings: Sequence[Finding]) -> Iterator[str]:
    """Lines for people."""
    for each in findings:
        same = "the ledger's" if each.agrees else f"the ledger has {each.expected:,}"
        yield f"{each.datasource}: {each.found:,} events, {same}"
        for what, listed in (("missing", each.missing_ids), ("too many", each.surplus_ids)):
            if listed:
                first = f", the first {LIMIT}" if len(listed) == LIMIT else ""
                yield f"  {what}{first}: {', '.join(listed)}"
