"""What a topic is, and the topics that are the same under every policy.

The enriched topics are made from the policy, in :mod:`contracts.topics`. This module reads no file and needs no YAML:
it is for the parts that run without the policy's file.
"""

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
    """How far a record's timestamp may be ahead of the broker's clock; the broker refuses what is further. The job's
    outputs have no limit: their times are from its own clock. It must be set all the same, for a broker has a limit of
    its own (Kafka 4: an hour), and one refused record would stop the job.
    """
    keyed_by: str | None = None
    """Name of the field that is the Kafka key, where there is one."""
    purpose: str | None = None
    """The purpose of an enriched topic."""
    schema: str = ""
    """Its schema's name in ``contracts/publishing/schemas``, with the topic's version."""
    about: str = ""
    guarantee: Guarantee = "exactly once"
    is_compacted: bool = False
    """Kafka keeps the newest record of each key for ever, instead of all records for a time."""


RAW = Topic(
    name="clickstream.raw.v1",
    retention_ms=3 * DAY_MS,
    max_message_bytes=2 * 1024 * 1024,
    # The job's allowed lateness. In a backlog every record is behind the job's clock, which then detects no wrong one;
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
OUTCOMES = (LATE, FAILED, SUPPRESSED)
"""What becomes of an event besides being enriched; none of them has a key."""

SESSIONIZED = Topic(
    name="clickstream.sessionized.v1",
    retention_ms=7 * DAY_MS,
    keyed_by="visitor_id",
    schema="sessionized_event.v1",
    about="Every event of the purpose behaviour as it passes, with its session and its place there.",
)
SESSIONS = Topic(
    name="clickstream.sessions.v1",
    retention_ms=14 * DAY_MS,
    keyed_by="visitor_id",
    schema="session.v1",
    about="Sessions: start, updates, end, corrections by late events; upserts by session_id and version.",
)
SESSIONS_LATE = Topic(
    name="clickstream.sessions.late.v1",
    retention_ms=14 * DAY_MS,
    keyed_by="visitor_id",
    schema="session_late_event.v1",
    about="Events that no session has: too late, of a time that is no longer kept, or met by a bug of the job.",
)
IDENTITIES = Topic(
    name="clickstream.identities.v1",
    retention_ms=NO_LIMIT_MS,
    is_compacted=True,
    keyed_by="user_id",
    schema="identity.v1",
    about="Which browsers belong to an account, and the oldest id of them; no value: erased.",
)
BEHAVIOUR_MESSAGES = Topic(
    name="clickstream.behaviour.messages.v1",
    retention_ms=3 * DAY_MS,
    keyed_by="visitor_id",
    about="Internal: what one visitor's state tells another's; the job features reads what erases.",
)
BEHAVIOUR = (SESSIONIZED, SESSIONS, SESSIONS_LATE, IDENTITIES, BEHAVIOUR_MESSAGES)
"""What the job behaviour writes."""

VERDICTS = Topic(
    name="clickstream.verdicts.v1",
    retention_ms=14 * DAY_MS,
    keyed_by="subject_id",
    schema="verdict.v1",
    about="What to do about each event of the purpose security, and why. An event's last record counts; uncommitted.",
)
LABELS = Topic(
    name="clickstream.labels.v1",
    retention_ms=14 * DAY_MS,
    keyed_by="subject_id",
    schema="label.v1",
    about="What people and other systems found out about judged events: fraud, false alarms, passed challenges.",
    guarantee="at least once",
)
RULES = Topic(
    name="clickstream.rules.v1",
    retention_ms=NO_LIMIT_MS,
    is_compacted=True,
    keyed_by="name",
    schema="rule_change.v1",
    about="Changes of the rules of account security in the running job; no value: the file's rule counts again.",
    guarantee="at least once",
)
ACCOUNT_SECURITY = (VERDICTS,)
"""What the job account_security writes."""
FEATURES = Topic(
    name="clickstream.features.v1",
    retention_ms=NO_LIMIT_MS,
    is_compacted=True,
    keyed_by="entity:entity_id",
    schema="feature_state.v1",
    about="The features of each browser, session, user, listing, seller and account; no value: erased.",
)
"""Written by two jobs: behaviour has browsers and sessions, features has the others."""
INPUTS = (RAW, LABELS, RULES)
"""What the jobs read and none of them writes."""


def enriched_name(purpose: str) -> str:
    """The usual name of a purpose's topic, for the parts that know the purpose and not the policy."""
    return f"clickstream.enriched.{purpose}.v1"
