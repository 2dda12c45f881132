"""Masks personal data in the sample events of the report, because a terminal's output often ends up in a log."""

from typing import Any

import msgspec
from rich.console import RenderableType
from rich.json import JSON
from rich.text import Text

MASK = "…"
MASKED = frozenset(
    {
        "user_ipaddress",
        "useragent",
        "user_id",
        "domain_userid",
        "domain_sessionid",
        "listing_seller_id",
        "page_url",
        "page_referrer",
        "page_title",
        "search_terms",
        "unstruct_event",
    }
)


def masked(event: dict[str, Any]) -> dict[str, Any]:
    """The event with ``MASK`` as the value of every personal field that is present."""
    return {name: MASK if name in MASKED else value for name, value in event.items()}


def masked_sample(sample: str) -> RenderableType:
    """An enriched event, masked and ready to print; a remark in its place if the text is not a JSON object."""
    try:
        event = msgspec.json.decode(sample, type=dict[str, Any])
    except msgspec.DecodeError:
        return Text("(not a JSON object)")
    return JSON.from_data(masked(event), ensure_ascii=False)
