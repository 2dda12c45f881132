"""``python -m assurance.bench.warm_start``: how soon a restarted task has its lookups in memory, cold and warm.

A real lookup service and Redis. A first engine asks for what a stream of events needs, as a task does before it is
restarted. Then engines start one after the other, with an empty cache and with one that the service has filled, by
turns, and the events that follow come at a steady rate. An event is a hit where all of its lookups are in memory.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rich.console import Console
from rich.table import Table

from assurance.bench.lookups import running
from contracts.purposes.load import REFERENCE, load_purposes
from core.derived.interface import Settings
from core.flat_event import FlatEvent
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.lookups.enrichment_lookup import EnrichmentLookup
from core.lookups.lookup_results import LookupResults
from core.registry import REGISTRY
from enrichment_job.config import LookupConfig
from enrichment_job.lookups.engine import LookupEngine
from local_stack.processes.ports import HOST
from producers.synthetic.generator import GeneratorSettings, generate

USERS, LISTINGS = 500, 1_000
"""So few that in the end nearly every event is a hit, as in the measurement of the whole pipeline with a warm cache."""
RATES = (2_000, 20_000)
"""Events a second: a stream, and a task that catches up."""
BEFORE = 60_000
"""Events before the restart."""
SECONDS = 5.0
SLOT_S = 0.1
AIM = 0.9
BUDGET_MS = 2_000
TURNS = 2
_CHUNK = 500


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """One start. Shares are those of events that are hits, in slots of :data:`SLOT_S` after the first event."""

    rate: int
    is_warm: bool
    warm_start_ms: int
    results: int
    """What the cache was filled with before the first event."""
    shares: list[float]
    until_aim_ms: int | None
    """From the start, the warm start included, to the end of the first slot of two in a row with :data:`AIM` hits; None
    where there were none."""


def measure() -> list[Start]:
    before, after = _events()
    with TemporaryDirectory() as folder, running(Path(folder)) as (_, port, _):
        url = f"http://{HOST}:{port}"
        with _task(LookupConfig(url=url, warm_start_ms=0)) as (_, lookup):
            _ask_for_all(lookup, before)
        return [
            _start(url, rate, after, is_warm=is_warm)
            for rate in RATES
            for _ in range(TURNS)
            for is_warm in (False, True)
        ]


def table(starts: Sequence[Start]) -> Table:
    slots = (0, 1, 2, 5, 10, 20)
    shown = Table(
        "events/s",
        "cache",
        "filled in ms",
        "results",
        *(f"hits from {number * SLOT_S * 1000:.0f} ms" for number in slots),
        f"{AIM:.0%} hits after ms",
    )
    for each in starts:
        shown.add_row(
            f"{each.rate:,}",
            "warm" if each.is_warm else "cold",
            f"{each.warm_start_ms:,}",
            f"{each.results:,}",
            *(f"{each.shares[number]:.1%}" for number in slots),
            "never" if each.until_aim_ms is None else f"{each.until_aim_ms:,}",
        )
    return shown


def _events() -> tuple[list[FlatEvent], list[FlatEvent]]:
    """The events before the restart and those after it."""
    most = BEFORE + round(max(RATES) * SECONDS)
    settings = GeneratorSettings(events=round(most * 1.1), users=USERS, listings=LISTINGS)
    found: list[FlatEvent] = []
    for record in generate(settings):
        event = flatten(record.value, record.timestamp_ms, record.timestamp_ms)
        if isinstance(event, FlatEvent):
            found.append(event)
    assert len(found) >= most, "too many of the generated records are no events"
    return found[:BEFORE], found[BEFORE:most]


@contextmanager
def _task(config: LookupConfig) -> Iterator[tuple[LookupEngine, EnrichmentLookup]]:
    """The parts of the worker runtime that look up, as :mod:`enrichment_job.runtime` puts them together."""
    builder = FragmentBuilder(load_purposes(REFERENCE))
    engine = LookupEngine(config, LookupResults(builder))
    try:
        yield engine, EnrichmentLookup(engine, builder, REGISTRY.bind(builder, Settings()))
    finally:
        engine.close()


def _ask_for_all(lookup: EnrichmentLookup, events: Sequence[FlatEvent]) -> None:
    for start in range(0, len(events), _CHUNK):
        now = time.monotonic()
        pending = [lookup.get_or_pending(event, now) for event in events[start : start + _CHUNK]]
        while not all(each.is_complete for each in pending):
            time.sleep(0.001)


def _start(url: str, rate: int, events: Sequence[FlatEvent], *, is_warm: bool) -> Start:
    with _task(LookupConfig(url=url, warm_start_ms=BUDGET_MS if is_warm else 0)) as (engine, lookup):
        filled = engine.warm_up()
        hits = [0] * round(SECONDS / SLOT_S)
        totals = [0] * len(hits)
        began = time.monotonic()
        for number, event in enumerate(events[: round(rate * SECONDS)]):
            due = began + number / rate
            now = time.monotonic()
            if now < due:
                time.sleep(due - now)
                now = time.monotonic()
            slot = min(int((now - began) / SLOT_S), len(hits) - 1)
            totals[slot] += 1
            hits[slot] += lookup.get_cached(event, now) is not None
    shares = [hit / total if total else 0.0 for hit, total in zip(hits, totals, strict=True)]
    return Start(
        rate=rate,
        is_warm=is_warm,
        warm_start_ms=filled.took_ms,
        results=filled.kept,
        shares=shares,
        until_aim_ms=_until_aim(shares, filled.took_ms),
    )


def _until_aim(shares: Sequence[float], before_ms: int) -> int | None:
    for number in range(len(shares) - 1):
        if min(shares[number : number + 2]) >= AIM:
            return before_ms + round((number + 1) * SLOT_S * 1000)
    return None


if __name__ == "__main__":
    Console().print(table(measure()))
