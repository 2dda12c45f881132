"""How much is kept of an account."""

from dataclasses import dataclass

from contracts.fixed_topics import DAY_MS
from core.risk.rules.rule_set import RuleSet

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Settings of the job. The verdicts do not depend on the order of arrival for events that are late by no more than
    ``lateness_ms``, and while no more events than these fall into :meth:`kept_ms`.
    """

    lateness_ms: int = HOUR_MS
    """An event that is at most this much older than the newest one counts as if it had come in time."""
    flow_events: int = 100
    """Events of one flow in the log, at most: many listings do not push out a sign-in."""
    kept_events: int = 300
    """Events in the log, at most; also of events that wait for the facets."""
    labelled_ms: int = 90 * DAY_MS
    """How long labels, and the events with reasons that have left the log, are kept: fraud is often found late."""
    settled_events: int = 20
    """At most, of events with reasons that have left the log."""
    labels: int = 100
    """At most."""

    def kept_ms(self, rules: RuleSet) -> int:
        """Events older than this before the newest leave the log: no rule counts them, not even from an event that is
        as late as allowed.
        """
        return rules.longest_subject_timespan_ms + self.lateness_ms


LIMITS = Limits()
