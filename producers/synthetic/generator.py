"""The stream of raw events: visits interleaved, with a set share of broken, repeated and late records.

The same settings give the same records in any process: every draw comes from generators seeded with
``seed``, whose core (``Random.random`` and ``getrandbits``) Python keeps stable.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random

from producers.delivery.record import Kind, Record
from producers.synthetic import defects
from producers.synthetic.defect_rates import DefectRates
from producers.synthetic.marketplace import Marketplace, build_marketplace
from producers.synthetic.population import LISTINGS, USERS
from producers.synthetic.rendering import next_event
from producers.synthetic.visits import Visit, start_session

LATE_MS = 2 * 3_600_000
"""How far a late record's collector time is behind the stream."""
DISORDER_MS = 2_000
"""Every other record is behind the stream by less than this."""
ACTIVE_SESSIONS = 2_000
DEFAULT_EVENT_RATE = 1_000.0
_REPEATED_WITHIN = 200
"""A duplicate repeats one of this many sound records before it."""
_BREAK: dict[Kind, Callable[[bytes, Random], bytes]] = {
    "malformed": defects.malformed,
    "oversized": defects.oversized,
    "wrong_schema": defects.wrong_schema,
}


@dataclass(frozen=True, kw_only=True)
class GeneratorSettings:
    """A stream that begins at ``start_ms`` (ms since 1970 UTC; None: now) with ``event_rate`` records a second."""

    start_ms: int | None = None
    events: int | None = None
    """How many records, the broken and repeated ones included; None: without end."""
    seed: int = 1
    event_rate: float = DEFAULT_EVENT_RATE
    users: int = USERS
    listings: int = LISTINGS
    shares: DefectRates = field(default_factory=DefectRates)


def generate(settings: GeneratorSettings, world: Marketplace | None = None) -> Iterator[Record]:
    """Yields the records in the order in which they arrive. ``world`` saves building it once more."""
    world = world or build_marketplace(settings.seed, settings.users, settings.listings)
    rng = Random(f"events {settings.seed}")
    sessions: list[Visit] = [start_session(world, rng) for _ in range(ACTIVE_SESSIONS)]
    recent: deque[bytes] = deque(maxlen=_REPEATED_WITHIN)
    limits = settings.shares.limits()
    breakable = limits[-1][0]
    step_ms = 1000.0 / settings.event_rate
    start_ms = time.time_ns() // 1_000_000 if settings.start_ms is None else settings.start_ms
    for number in count() if settings.events is None else range(settings.events):
        kind: Kind = "event"
        draw = rng.random()
        if draw < breakable:
            kind = next(each for limit, each in limits if draw < limit)
        behind = rng.random()
        # The cube keeps the usual disorder near a quarter of its limit.
        collector_ms = start_ms + int(number * step_ms)
        collector_ms -= LATE_MS if kind == "late" else int(behind * behind * behind * DISORDER_MS)
        if kind == "duplicate" and recent:
            yield Record(recent[int(rng.random() * len(recent))], collector_ms, kind)
            continue
        value = _one_event(sessions, world, collector_ms, rng)
        if kind in _BREAK:
            yield Record(_BREAK[kind](value, rng), collector_ms, kind)
        elif kind == "late":
            yield Record(value, collector_ms, kind)
        else:
            # Also the duplicate that has nothing before it to repeat.
            recent.append(value)
            yield Record(value, collector_ms)


def _one_event(sessions: list[Visit], world: Marketplace, collector_ms: int, rng: Random) -> bytes:
    place = int(rng.random() * len(sessions))
    value = next_event(sessions[place], world, collector_ms, rng)
    while value is None:
        sessions[place] = start_session(world, rng)
        value = next_event(sessions[place], world, collector_ms, rng)
    return value
