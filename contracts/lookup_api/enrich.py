"""Enrichment on demand: raw events in, enriched or failed events out, by the same code as the job's.

The request's body is a JSON array of raw events, or one raw event a line (NDJSON). The answer has one result per event,
in order.
"""

from typing import Literal

import msgspec

PATH = "/v1/enrich"
COLLECTOR_HEADER = "x-collector-tstamp"
"""When the collector received the events, ms since 1970 UTC; without it: now."""
MAX_EVENTS = 300
"""Most events in one request; more is answered with 413."""

Outcome = Literal["enriched", "failed"]


class EnrichResult(msgspec.Struct, frozen=True):
    outcome: Outcome
    event: msgspec.Raw
    """An enriched event, or a failed event in the shape of the failed topic."""


class EnrichResponse(msgspec.Struct, frozen=True):
    results: list[EnrichResult]
