"""Raw events for tests: one valid event and how to change it."""

import json
from typing import Any

VALID: dict[str, Any] = {
    "schema": "clickstream.raw/1",
    "event_id": "0b5e9c1e-5d0f-4d0e-9d8e-000000000001",
    "event_name": "listing_view",
    "platform": "web",
    "actor": {
        "user_id": "u0000001",
        "domain_userid": "d-1",
        "domain_sessionid": "s-1",
        "user_ipaddress": "81.2.69.142",
        "useragent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0",
    },
    "context": {"app_id": "marketplace-web", "page_url": "https://www.example.org/l/1", "consent": True},
    "times": {"dvce_created_tstamp": 1_700_000_000_000, "dvce_sent_tstamp": 1_700_000_000_250},
    "attributes": {"listing_id": "l00000001", "price": 12.5, "currency": "EUR", "extra": {"deep": [1, 2]}},
}


def raw(changes: dict[str, Any] | None = None) -> bytes:
    """The valid event as bytes, with dotted paths replaced (or removed, where the new value is ``...``)."""
    event = json.loads(json.dumps(VALID))
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        level = event
        for parent in parents:
            level = level[parent]
        if value is ...:
            level.pop(last)
        else:
            level[last] = value
    return json.dumps(event, separators=(",", ":")).encode()
