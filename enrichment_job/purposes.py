"""The table of purposes: which enriched topics there are and what each needs."""

from dataclasses import dataclass

from contracts import topics

ENRICHMENTS = frozenset({"geo", "user", "listing"})


@dataclass(frozen=True, slots=True)
class Purpose:
    """One enriched topic. Events lacking a required enrichment (timeout or error) fail instead of leaving partial."""

    name: str
    topic: str
    required: frozenset[str] = frozenset()


def purposes(required: frozenset[str]) -> tuple[Purpose, ...]:
    """All purposes, in the order of the topic table."""
    return (Purpose("analytics", topics.ANALYTICS.name, required),)
