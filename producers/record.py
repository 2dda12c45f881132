"""A record for the raw topic, and the report of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

Kind = Literal["event", "late", "duplicate", "malformed", "oversized", "wrong_schema"]
"""event: valid; late: valid, but hours behind the stream; duplicate: an earlier record's bytes again;
malformed: not JSON; oversized: longer than the raw contract allows; wrong_schema: JSON, but not a raw event."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """``timestamp_ms`` is the collector time, ms since 1970 UTC: the Kafka record's timestamp."""

    value: bytes
    timestamp_ms: int
    kind: Kind = "event"


@dataclass(frozen=True, kw_only=True)
class ProduceReport:
    """``sent`` counts every record taken from the stream, ``failed`` those of them that were not delivered."""

    sent: int
    value_bytes: int
    seconds: float
    kinds: Mapping[Kind, int]
    failures: Mapping[str, int] = field(default_factory=dict)
    """The client's text for a delivery failure, and the number of records it affected."""
    interrupted: int | None = None
    """The signal that ended the run early."""

    @property
    def failed(self) -> int:
        return sum(self.failures.values())

    @property
    def delivered(self) -> int:
        return self.sent - self.failed
