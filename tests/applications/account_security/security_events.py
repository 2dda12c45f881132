"""Enriched events of the purpose ``security``, as the job reads them."""

from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec

MINUTE = 60_000
NOW = 1_790_000_000_000
encode = msgspec.json.Encoder().encode


def event(number: int, at: int, user: str | None, *, run: str = "", **fields: object) -> dict[str, Any]:
    """A successful sign-in, unless ``fields`` says otherwise; ``at``: ms since 1970 UTC."""
    found = {
        "event_id": f"{run}event-{number:07d}",
        "event_name": "sign_in",
        "platform": "web",
        "collector_tstamp": at,
        "etl_tstamp": at,
        "user_id": user,
        "user_ipaddress": "198.51.100.7",
        "useragent": "Mozilla/5.0 (X11; Linux x86_64)",
        "auth_outcome": "success",
        "geo_country": "AT",
        "as_number": 8447,
        **fields,
    }
    return {name: value for name, value in found.items() if value is not None}


def traffic(
    events: int, users: int, seed: int, *, run: str = "", start: int = NOW, span_ms: int = 120 * MINUTE
) -> Iterator[dict[str, Any]]:
    """In the order of time: people who sign in from homes of their own and sometimes mistype, somebody who tries one
    stolen password after another, gets into some accounts and takes another address now and then, and of a hundred
    events one that comes twice.
    """
    rng = Random(seed)
    recent: list[dict[str, Any]] = []
    for number in range(events):
        at = start + number * span_ms // events
        draw = rng.random()
        if draw < 0.01 and recent:
            yield rng.choice(recent)
            continue
        user = rng.randrange(users)
        who = f"{run}u{seed}-{user}"
        home = {"user_ipaddress": f"203.0.113.{user % 250}", "device_id": f"{run}d{seed}-{user}", "as_number": user % 7}
        if draw < 0.2:
            outcome = "success" if draw < 0.02 else "failure"
            attack = {
                "user_ipaddress": f"192.0.2.{number // 500}",
                "device_id": f"{run}tool",
                "as_number": 64500,
                "useragent": "t",
            }
            made = event(number, at, who, run=run, auth_outcome=outcome, **attack)
        elif draw < 0.3:
            made = event(number, at, who, run=run, auth_outcome="failure", **home)
        elif draw < 0.4:
            made = event(number, at, who, run=run, event_name="checkout", auth_outcome=None, **home)
        else:
            made = event(number, at, who, run=run, **home)
        recent = [*recent[-50:], made]
        yield made
