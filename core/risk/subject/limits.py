"""How much is kept of an account."""

from dataclasses import dataclass

from contracts.fixed_topics import DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Settings of the job. The verdicts do not depend on the order of arrival for events that are late by no more than
    ``kept_ms`` less the longest timespan of the account's rules, and while fewer than ``kept_events`` fall into it.
    """

    kept_ms: int = DAY_MS
    """Events older than this before the newest leave the log."""
    kept_events: int = 200
    """At most; also of events that wait for the facets."""
    labelled_ms: int = 90 * DAY_MS
    """How long labels, and the events with reasons that have left the log, are kept: fraud is often found late."""
    settled_events: int = 20
    """At most, of events with reasons that have left the log."""
    labels: int = 100
    """At most."""


LIMITS = Limits()
