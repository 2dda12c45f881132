"""Odd events as real senders produce them, and how the summary of a run must count each of them."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from producers.synthetic.defect_rates import DefectRates
from producers.synthetic.generator import GeneratorSettings, generate

_HALF_A_PAIR = "\\ud83d"


@dataclass(frozen=True)
class Odd:
    """``changes`` are dotted paths of the raw event and their new values, as JSON text."""

    changes: dict[str, str]
    repaired: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    suppressed: str = ""
    failed: str = ""


def _text(value: str) -> str:
    return json.dumps(value)


_BOTH = ("geo_status", "network_status")
ODD_EVENTS = (
    # An unreadable address is invalid, not missing.
    *(Odd({"actor.user_ipaddress": _text(address)}) for address in (
        "81.2.69.142:51000", "81.2.69.142, 10.0.0.1", "[2a02:c7d:1::1]:443", " 81.2.69.142", "::ffff:81.2.69.142",
    )),
    *(Odd({"actor.user_ipaddress": _text(address)}, invalid=_BOTH) for address in (
        "unreadable", "999.1.1.1", "0201.0002.0105.0216",
    )),
    Odd(
        {"actor.user_ipaddress": _text(", ".join(f"2a02:c7d:1:2:3:4:5:{n}" for n in range(5)))},
        repaired=("actor.user_ipaddress cut",),
    ),
    Odd({"context.page_url": _text("https://www.market.example/l/1?utm%5Fsource=a&utm%5Fmedium=email")}),
    Odd({"context.page_url": _text("https://www.market.example/l/1?utm_source=a&amp;utm_medium=email")}),
    Odd({"context.page_url": _text("https://www.market.example/l/1?x=1?utm_source=a&utm_medium=b")}),
    Odd({"context.page_referrer": _text("no address of a page")}, invalid=("referrer_status",)),
    # One odd optional value.
    Odd({"attributes.http_status": "0"}, repaired=("attributes.http_status out_of_range",)),
    Odd({"attributes.http_status": "999"}, repaired=("attributes.http_status out_of_range",)),
    Odd({"context.page_title": f'"Fahrrad {_HALF_A_PAIR}"'}, repaired=("context.page_title surrogate",)),
    Odd({"attributes.note": f'"{_HALF_A_PAIR}"'}, repaired=("attributes surrogate",)),
    Odd({"context.dvce_screenwidth": "1536.0"}, repaired=("context.dvce_screenwidth whole_number",)),
    Odd({"context.dvce_screenwidth": "1536.8"}, repaired=("context.dvce_screenwidth rounded",)),
    Odd({"actor.useragent": _text("Mozilla/5.0 " + "x" * 2_100)}, repaired=("actor.useragent cut",)),
    Odd(
        {"context.page_url": _text("https://www.market.example/" + "x" * 8_300)}, repaired=("context.page_url cut",)
    ),
    Odd({"attributes.currency": _text("eur")}, repaired=("attributes.currency upper_case",)),
    Odd({"attributes.auth_outcome": _text("SUCCESS")}, repaired=("attributes.auth_outcome lower_case",)),
    Odd({"attributes.email_domain": _text("ann@example.org")}, repaired=("attributes.email_domain malformed",)),
    Odd({"attributes.price": "-5"}),
    Odd({"attributes.price": _text("12.50")}, repaired=("attributes.price quoted",)),
    Odd({"times.dvce_created_tstamp": "5000"}),
    Odd(
        {"attributes.currency": "[]", "context.br_lang": "{}"},
        repaired=("context.br_lang wrong_type", "attributes.currency wrong_type"),
    ),
    Odd(
        {"actor.user_ipaddress": "7", "attributes.listing_id": "{}"},
        repaired=("actor.user_ipaddress unquoted", "attributes.listing_id wrong_type"),
        invalid=(*_BOTH, "listing_status"),
    ),
    # An opt-out counts, also if another field is odd.
    Odd({"context.consent": "false"}, suppressed="context.consent refused"),
    Odd(
        {"context.consent": "false", "attributes.currency": _text("eur")},
        repaired=("attributes.currency upper_case",),
        suppressed="context.consent refused",
    ),
    Odd(
        {"context.consent": _text("no")},
        repaired=("context.consent refused",),
        suppressed="context.consent refused",
    ),
    # Fields that are never repaired.
    Odd({"platform": _text("tv")}, failed="schema platform"),
    Odd({"actor.user_id": "7"}, failed="schema actor.user_id"),
)  # fmt: skip
EVERY = 20
"""One event in this many is odd."""


def mixed(events: int) -> Iterator[tuple[bytes, Odd | None]]:
    """Generated events; each :data:`EVERY`-th is one of the odd ones in turn, returned with its description."""
    sound = DefectRates(malformed=0, oversized=0, wrong_schema=0, late=0, duplicate=0)
    start_ms = time.time_ns() // 1_000_000 - 60_000
    settings = GeneratorSettings(start_ms=start_ms, events=events, users=2_000, listings=5_000, defect_rates=sound)
    for number, record in enumerate(generate(settings)):
        odd = None if number % EVERY else ODD_EVENTS[number // EVERY % len(ODD_EVENTS)]
        value = record.value if odd is None else _changed(record.value, odd.changes)
        # A collector may write its own time into the event, because some devices' clocks are wrong.
        yield value.replace(b"{", b'{"collector_tstamp":%d,' % record.timestamp_ms, 1), odd


def _changed(value: bytes, changes: dict[str, str]) -> bytes:
    event: dict[str, Any] = json.loads(value)
    event["context"]["consent"] = True
    texts = {}
    for number, (path, text) in enumerate(changes.items()):
        *parents, last = path.split(".")
        level = event
        for parent in parents:
            level = level[parent]
        level[last] = mark = f"<<{number}>>"
        texts[json.dumps(mark)] = text
    changed = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    for mark, text in texts.items():
        changed = changed.replace(mark, text)
    return changed.encode()
