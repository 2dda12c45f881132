"""Generates the stream of raw events: interleaved visits, with defective, repeated and late records.

The same settings give the same records in any process: every random number comes from generators seeded with ``seed``,
and Python keeps the methods that they use (``Random.random`` and ``getrandbits``) stable across versions.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random

from producers.record import Kind, Record
from producers.synthetic import defects
from producers.synthetic.defect_rates import DefectRates
from producers.synthetic.marketplace import Marketplace, build_marketplace
from producers.synthetic.population import LISTINGS, USERS
from producers.synthetic.rendering import next_event
from producers.synthetic.visits import Visit, start_visit

LATE_MS = 2 * 3_600_000
"""Delay of a late record's collector time behind the stream."""
DISORDER_MS = 2_000
"""Upper limit of the delay of all other records."""
ACTIVE_VISITS = 2_000
"""Default number of visits at the same time. Each of them has an event every ``active_visits / event_rate`` seconds."""
DEFAULT_EVENT_RATE = 1_000.0
_DUPLICATE_WINDOW = 200
"""A duplicate repeats one of this many valid records before it."""
_DEFECTS: dict[Kind, Callable[[bytes, Random], bytes]] = {
    "malformed": defects.malformed,
    "oversized": defects.oversized,
    "wrong_schema": defects.wrong_schema,
}
Seen = Callable[[Visit, int], None]
"""Called for each valid event and not for its repetition: the visit in its state after the event, and the collector
time, ms since 1970 UTC."""


@dataclass(frozen=True, kw_only=True)
class GeneratorSettings:
    """A stream that begins at ``start_ms`` (ms since 1970 UTC; None: now) and has ``event_rate`` records a second."""

    start_ms: int | None = None
    events: int | None = None
    """Number of records, including defective and repeated ones; None: endless."""
    seed: int = 1
    event_rate: float = DEFAULT_EVENT_RATE
    active_visits: int = ACTIVE_VISITS
    """Visits at the same time, from 1. Fewer are shorter, and leave time between two visits of the same browser."""
    server_without_browser: float = 0.0
    """Share of the server events, in [0, 1], that have the account and neither browser nor client session."""
    users: int = USERS
    listings: int = LISTINGS
    defect_rates: DefectRates = field(default_factory=DefectRates)


def generate(
    settings: GeneratorSettings, marketplace: Marketplace | None = None, seen: Seen | None = None
) -> Iterator[Record]:
    """Yields the records in the order of arrival. Pass ``marketplace`` to avoid building it again."""
    marketplace = marketplace or build_marketplace(settings.seed, settings.users, settings.listings)
    rng = Random(f"events {settings.seed}")
    visits: list[Visit] = [start_visit(marketplace, rng) for _ in range(settings.active_visits)]
    without_browser = settings.server_without_browser
    recent: deque[bytes] = deque(maxlen=_DUPLICATE_WINDOW)
    limits = settings.defect_rates.limits()
    defect_rate = limits[-1][0]
    step_ms = 1000.0 / settings.event_rate
    start_ms = time.time_ns() // 1_000_000 if settings.start_ms is None else settings.start_ms
    for number in count() if settings.events is None else range(settings.events):
        kind: Kind = "event"
        draw = rng.random()
        if draw < defect_rate:
            kind = next(each for limit, each in limits if draw < limit)
        delay = rng.random()
        # The cube keeps the mean delay at a quarter of its limit.
        collector_ms = start_ms + int(number * step_ms)
        collector_ms -= LATE_MS if kind == "late" else int(delay * delay * delay * DISORDER_MS)
        if kind == "duplicate" and recent:
            yield Record(recent[int(rng.random() * len(recent))], collector_ms, kind)
            continue
        place = int(rng.random() * len(visits))
        value = next_event(visits[place], marketplace, collector_ms, without_browser, rng)
        while value is None:
            visits[place] = start_visit(marketplace, rng)
            value = next_event(visits[place], marketplace, collector_ms, without_browser, rng)
        if seen is not None and kind not in _DEFECTS:
            seen(visits[place], collector_ms)
        if kind in _DEFECTS:
            yield Record(_DEFECTS[kind](value, rng), collector_ms, kind)
        elif kind == "late":
            yield Record(value, collector_ms, kind)
        else:
            # Includes a duplicate at the start of the stream, which has no earlier record to repeat.
            recent.append(value)
            yield Record(value, collector_ms)
