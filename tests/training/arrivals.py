"""Generated events as the jobs get them: enriched, out of order, some late, some twice."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Final

import msgspec

from assurance.backtest.inputs.enriching import Enricher
from core.features.source_events import BehaviourEvent
from core.risk.security_event import FLOWS, SecurityEvent
from producers.synthetic.defect_rates import DefectRates
from producers.synthetic.generator import GeneratorSettings, generate

START: Final = 1_780_272_000_000 + 7_654_321
DISORDER_MS: Final = 10 * 60_000
LATE_MS: Final = 5 * 3_600_000


class _Enriched(BehaviourEvent, frozen=True, gc=False):
    consent: bool | None = None


_read = msgspec.json.Decoder(_Enriched).decode
_read_security = msgspec.json.Decoder(SecurityEvent).decode


def arrivals(events: int, *, seed: int = 1, without_browser: float = 0.0) -> Iterator[tuple[bytes, BehaviourEvent]]:
    """About nine days of visits for 200,000 events, in the order of arrival: the enriched record, and what is read of
    it. Every tenth event comes up to ten minutes after later ones, one in a hundred up to five hours.
    """
    settings = GeneratorSettings(
        start_ms=START,
        events=events,
        seed=seed,
        event_rate=0.25,
        active_visits=40,
        server_without_browser=without_browser,
        users=2_000,
        listings=3_000,
        defect_rates=replace(DefectRates(), duplicate=0.02, late=0.005),
    )
    rng = Random(seed)
    delayed: list[tuple[float, int, bytes, int]] = []
    for place, record in enumerate(generate(settings)):
        draw = rng.random()
        delay = rng.random() * (LATE_MS if draw < 0.01 else DISORDER_MS if draw < 0.1 else 0)
        delayed.append((START + place * 4_000 + delay, place, record.value, record.timestamp_ms))
    delayed.sort()
    with Enricher(None, None) as enricher:
        for _, _, raw, collected in delayed:
            record = enricher.record(raw, collected)
            if record is None:
                continue
            record = _of_listing(record)
            event = _read(record)
            if event.consent is not False:
                yield record, event


def _of_listing(record: bytes) -> bytes:
    """With what only a database of listings knows."""
    listing = _read(record).listing_id
    if listing is None:
        return record
    number = int(listing[1:])
    brand = b"" if number % 5 == 0 else b',"brand":"brand %d"' % (number % 40)
    return b'%b,"listing_seller_id":"u%07d"%b}' % (record[:-1], number % 700, brand)


def security_event(record: bytes, event: BehaviourEvent) -> SecurityEvent | None:
    """None for an event that the purpose security has not."""
    return _read_security(record) if event.event_name in FLOWS else None
