"""Canaries: events with an e-mail address, an IP address, a name or a user agent in each field that can hold text."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from tests.core.samples import raw

_TEXTS = {
    "actor": ("user_id", "domain_userid", "domain_sessionid", "user_ipaddress", "useragent", "extra"),
    "context": (
        *("app_id", "app_version", "page_url", "page_title", "page_referrer", "br_lang", "os_timezone", "extra"),
    ),
    "attributes": (
        *("listing_id", "category", "search_terms", "order_id", "http_method", "extra"),
        *("auth_outcome", "auth_reason", "device_id", "email_domain", "client_hint_ua", "listing_text_hash"),
    ),
}
_URL_PLACES = (
    "https://shop.example/l/1?mail={0}&utm_campaign={0}&utm_source={0}&utm_content={0}&utm_term={0}&gclid={0}",
    "https://www.google.com/search?q={0}",
    "https://shop.example/l/1#{0}",
    "https://shop.example/users/{0}/edit",
    "https://{0}:secret@shop.example/l/1",
    "/{0}",
)
_INVALID = ("schema", "event_id", "event_name", "platform", "times")
"""Fields whose invalid value makes the record fail."""


@dataclass(frozen=True)
class Canary:
    text: str
    place: str
    """Dotted path of the field that contains the text."""
    event: bytes


def _texts(number: int) -> tuple[str, ...]:
    return (
        f"canary{number}@leak.example",
        f"198.{18 + number // 250}.{number % 250}.77",
        f"2001:db8:{number:x}::77",
        f"Zebulon{number} Quartermain",
        f"CanaryBrowser/{number}.7 (Secret; Build)",
    )


def canaries() -> Iterator[Canary]:
    """Valid and invalid events. Each text occurs once."""
    number = 0

    def each(place: str, form: str = "{0}") -> Iterator[Canary]:
        nonlocal number
        number += 1
        for kind, text in enumerate(_texts(number)):
            value: object = form.format(text)
            if place.endswith(".extra"):
                value = {"deep": [{text: text}], "text": text}
            elif "?" in form and kind % 2:
                value = form.format(quote(text))
            changes = {"event_id": f"canary-{number:04d}-{kind}"} if place != "event_id" else {}
            yield Canary(text, place, raw({**changes, place: value}))

    for part, names in _TEXTS.items():
        for name in names:
            yield from each(f"{part}.{name}")
    for place in ("context.page_url", "context.page_referrer"):
        for form in _URL_PLACES:
            yield from each(place, form)
    for place in (*_INVALID, "unknown"):
        yield from each(place)


def broken(event: bytes) -> tuple[bytes, bytes]:
    """The event as invalid JSON, and as invalid UTF-8."""
    return event[:-1], event[:-1] + b',"x":"\xff"}'


def forms(text: str) -> set[bytes]:
    """The forms in which a text may be written: unchanged, escaped in JSON, percent-encoded."""
    return {form.lower().encode() for form in (text, json.dumps(text)[1:-1], quote(text), quote(text, safe=""))}
