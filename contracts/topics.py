"""The topic table: every Kafka topic of the enrichment layer, defined once."""

import msgspec

DAY_MS = 24 * 60 * 60 * 1000


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    retention_ms: int
    max_message_bytes: int = 1024 * 1024
    keyed_by: str | None = None
    """Name of the field that is the Kafka key, where there is one."""


RAW = Topic(name="clickstream.raw.v1", retention_ms=3 * DAY_MS, max_message_bytes=2 * 1024 * 1024)
LATE = Topic(name="clickstream.late.v1", retention_ms=14 * DAY_MS, keyed_by="user_id")
FAILED = Topic(name="clickstream.failed.v1", retention_ms=14 * DAY_MS)


def enriched(purpose: str) -> Topic:
    """The enriched topic of a purpose, keyed by user (by browser where there is no account)."""
    return Topic(name=f"clickstream.enriched.{purpose}.v1", retention_ms=7 * DAY_MS, keyed_by="user_id")


ANALYTICS = enriched("analytics")
ALL = (RAW, ANALYTICS, LATE, FAILED)
