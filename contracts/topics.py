"""The topic table: every Kafka topic of the enrichment layer, defined once."""

from typing import Literal

import msgspec

DAY_MS = 24 * 60 * 60 * 1000
NO_LIMIT_MS = 2**63 - 1
Guarantee = Literal["at least once", "exactly once"]
"""exactly once: for consumers that read committed; others may see a record twice after a restart."""


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    retention_ms: int
    max_message_bytes: int = 1024 * 1024
    max_ahead_ms: int = NO_LIMIT_MS
    """How far a record's timestamp may be ahead of the broker's clock; the broker refuses what is further. Said of the
    job's outputs, too, for a broker has a limit of its own (Kafka 4: an hour) or none (before), and one refusal would
    stop the job: their times are from its clock already.
    """
    keyed_by: str | None = None
    """Name of the field that is the Kafka key, where there is one."""
    purpose: str | None = None
    """Of an enriched topic."""
    schema: str = ""
    """Its schema's name in ``contracts/publishing/schemas``, with the topic's version."""
    about: str = ""
    guarantee: Guarantee = "exactly once"


RAW = Topic(
    name="clickstream.raw.v1",
    retention_ms=3 * DAY_MS,
    max_message_bytes=2 * 1024 * 1024,
    # The job's allowed lateness. In a backlog every record is behind the job's clock, which then tells no wrong one;
    # but a record that is ahead of its neighbours by no more than this makes none of them late.
    max_ahead_ms=60_000,
    schema="raw_event.v1",
    about="Raw events as producers send them, at most 64 KiB each.",
    guarantee="at least once",
)
LATE = Topic(
    name="clickstream.late.v1",
    retention_ms=14 * DAY_MS,
    schema="late_event.v1",
    about="Valid events behind the watermark by more than the allowed lateness; the raw record sealed inside.",
)
FAILED = Topic(
    name="clickstream.failed.v1",
    retention_ms=14 * DAY_MS,
    schema="failed_event.v1",
    about="Records that are no events or lack a required enrichment: why, and the raw record sealed.",
)
SUPPRESSED = Topic(
    name="clickstream.suppressed.v1",
    retention_ms=14 * DAY_MS,
    schema="suppressed_event.v1",
    about="Tombstones of events whose subjects have opted out: digest and size of the raw record, none of its content.",
)


def enriched(purpose: str, about: str = "") -> Topic:
    """The enriched topic of a purpose, keyed by user (by browser where there is no account) in the form in which the
    purpose has them: a purpose of pseudonyms is keyed by pseudonym.
    """
    return Topic(
        name=f"clickstream.enriched.{purpose}.v1",
        retention_ms=7 * DAY_MS,
        keyed_by="user_id",
        purpose=purpose,
        schema=f"enriched_{purpose}.v1",
        about=about,
    )


ANALYTICS = enriched("analytics", "Every event, without direct identifiers: pseudonyms, networks, coarse places.")
SECURITY = enriched(
    "security", "Sign-ups, sign-ins, password changes, checkouts and new listings, with full addresses and bot signals."
)
PERSONALIZATION = enriched(
    "personalization", "Views, likes, shares, searches, carts and orders, by user, without addresses."
)
OUTCOMES = (LATE, FAILED, SUPPRESSED)
"""What becomes of an event besides being enriched; none of them has a key."""
ALL = (RAW, ANALYTICS, SECURITY, PERSONALIZATION, *OUTCOMES)
