"""Makes defective records as they occur in production, each from a valid event so that it resembles the others."""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from contracts.events.raw import MAX_BYTES

OVERSIZED_MAX = 128 * 1024
"""Longest oversized event, in bytes; below the topic's limit."""

Event = dict[str, Any]


def malformed(value: bytes, rng: Random) -> bytes:
    """Not JSON: truncated, without a comma, with a byte that is not UTF-8, or an error page. Never has a newline."""
    draw = int(rng.random() * 4)
    if draw == 0:
        return value[: 1 + int(rng.random() * (len(value) - 2))]
    if draw == 1:
        return value.replace(b',"event_id"', b'"event_id"', 1)
    if draw == 2:
        return value.replace(b'"context":{', b'"context":{"app_name":"m\xe4rket",', 1)
    return b"<html><head><title>502 Bad Gateway</title></head><body>" + value[: int(rng.random() * 200)] + b"</body>"


def oversized(value: bytes, rng: Random) -> bytes:
    """A valid event with the text of a whole page as an attribute."""
    size = MAX_BYTES + 1 + int(rng.random() * (OVERSIZED_MAX - MAX_BYTES))
    paragraph = b"<p>%032x</p>" % rng.getrandbits(128)
    return value.replace(
        b'"attributes":{', b'"attributes":{"dom":"' + paragraph * (size // len(paragraph) + 1) + b'",', 1
    )


def _text_for_number(event: Event) -> None:
    event["times"]["dvce_created_tstamp"] = str(event["times"]["dvce_created_tstamp"])


def _number_for_text(event: Event) -> None:
    event["actor"]["user_id"] = 4711


def _list_for_object(event: Event) -> None:
    event["context"] = [event["context"]]


def _unknown_platform(event: Event) -> None:
    event["platform"] = "tv"


def _without_id(event: Event) -> None:
    del event["event_id"]


def _without_times(event: Event) -> None:
    del event["times"]


def _without_app(event: Event) -> None:
    del event["context"]["app_id"]


def _later_version(event: Event) -> None:
    event["schema"] = "clickstream.raw/9"


_SCHEMA_DEFECTS: tuple[Callable[[Event], None], ...] = (
    _text_for_number,
    _number_for_text,
    _list_for_object,
    _unknown_platform,
    _without_id,
    _without_times,
    _without_app,
    _later_version,
)


def wrong_schema(value: bytes, rng: Random) -> bytes:
    """JSON, but not a raw event: a wrong type, a missing field, or a schema version that does not exist."""
    event = msgspec.json.decode(value)
    _SCHEMA_DEFECTS[int(rng.random() * len(_SCHEMA_DEFECTS))](event)
    return msgspec.json.encode(event)
