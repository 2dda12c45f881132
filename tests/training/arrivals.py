"""Generated events as the jobs get them: out of order, some late, some twice."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Final

import msgspec

from core.features.source_events import BehaviourEvent
from core.flat_event import BadRow
from core.flatten import flatten
from core.risk.security_event import FLOWS, SecurityEvent
from producers.synthetic.defect_rates import DefectRates
from producers.synthetic.generator import GeneratorSettings, generate

START: Final = 1_780_272_000_000 + 7_654_321
EVENT_MS: Final = 4_000
DISORDER_MS: Final = 10 * 60_000
LATE_MS: Final = 5 * 3_600_000
_BEHAVIOUR: Final = BehaviourEvent.__struct_fields__
_SECURITY: Final = SecurityEvent.__struct_fields__


def arrivals(
    events: int, *, seed: int = 1, without_browser: float = 0.0
) -> Iterator[tuple[BehaviourEvent, SecurityEvent | None]]:
    """About nine days of visits for 200,000 records, in the order of arrival: the event, and as the purpose security
    has it. Every tenth comes up to ten minutes after later ones, one in a hundred up to five hours; others have a time
    two hours before their arrival, and one in fifty is there twice.
    """
    settings = GeneratorSettings(
        start_ms=START,
        events=events,
        seed=seed,
        event_rate=1000 / EVENT_MS,
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
        delayed.append((START + place * EVENT_MS + delay, place, record.value, record.timestamp_ms))
    delayed.sort()
    for _, _, raw, collected in delayed:
        flat = flatten(raw, collected, collected)
        if isinstance(flat, BadRow) or flat.fields.consent is False:
            continue
        fields = flat.fields
        derived = _derived(fields.useragent, fields.listing_id)
        event = msgspec.convert(_values(fields, _BEHAVIOUR) | derived, BehaviourEvent)
        is_secured = event.event_name in FLOWS
        secured = _values(fields, _SECURITY) | _known(derived)
        yield event, msgspec.convert(secured, SecurityEvent) if is_secured else None


def _values(fields: msgspec.Struct, names: tuple[str, ...]) -> dict[str, object]:
    return {name: value for name in names if (value := getattr(fields, name, None)) is not None}


def _derived(useragent: str | None, listing: str | None) -> dict[str, object]:
    """What the enrichments would say of them."""
    found: dict[str, object] = {"user_agent_is_crawler": useragent is not None and "bot" in useragent.lower()}
    if listing is not None:
        number = int(listing[1:])
        found["listing_seller_id"] = f"u{number % 700:07d}"
        found["brand"] = f"brand {number % 40}" if number % 5 else None
    return found


def _known(derived: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in derived.items() if name in _SECURITY}
