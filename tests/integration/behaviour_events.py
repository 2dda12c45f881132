"""Enriched events of the purpose ``behaviour``, as the behaviour job reads them."""

from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec

MINUTE = 60_000
_NAMES = ("page_view", "page_view", "page_view", "listing_view", "search", "like", "add_to_cart", "order")


def event(
    number: int, tstamp: int, browser: str | None, account: str | None = None, **fields: str | float | None
) -> dict[str, Any]:
    """One event; ``tstamp``: when it happened and when it was collected, ms since 1970 UTC."""
    found: dict[str, Any] = {
        "event_id": f"event-{number:08d}",
        "event_name": "page_view",
        "platform": "web",
        "collector_tstamp": tstamp,
        "derived_tstamp": tstamp,
        "etl_tstamp": tstamp,
        "domain_userid": browser,
        "user_id": account,
        "page_url": f"https://www.market.example/{number % 7}",
        **fields,
    }
    return {name: value for name, value in found.items() if value is not None}


def visits(
    events: int, visitors: int, start: int, seed: int, *, span_ms: int = 8 * 60 * MINUTE
) -> Iterator[dict[str, Any]]:
    """Events of all visitors in the order of the collector's time, spread over ``span_ms``. Of a hundred, one is
    repeated and two happened up to two hours before they were collected.
    """
    rng = Random(seed)
    step = span_ms / events
    recent: list[dict[str, Any]] = []
    for number in range(events):
        at = start + int(number * step)
        draw = rng.random()
        if draw < 0.01 and recent:
            yield rng.choice(recent)
            continue
        visitor = rng.randrange(visitors)
        name = rng.choice(_NAMES)
        made = event(
            number + seed * 10_000_000,
            at - rng.randrange(1_500),
            f"browser-{seed}-{visitor}",
            f"account-{seed}-{visitor}" if visitor % 3 == 0 else None,
            event_name=name,
            price=rng.randrange(1, 9_999) / 100 if name == "order" else None,
            currency="EUR" if name == "order" else None,
        )
        if draw < 0.03:
            made["derived_tstamp"] = at - rng.randrange(120 * MINUTE)
        recent = [*recent[-50:], made]
        yield made


def key_of(made: dict[str, Any]) -> bytes | None:
    name = made.get("domain_userid") or made.get("user_id")
    return None if name is None else name.encode()


encode = msgspec.json.encode
