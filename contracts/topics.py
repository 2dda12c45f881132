"""The table of topics: the enriched ones, made from the purposes, between the raw topic and the other outcomes.

It reads this project's own policy when it is imported, for tools and tests. What runs with an operator's policy makes
its table by :func:`table`; what needs no enriched topic takes :mod:`contracts.fixed_topics`.
"""

from collections.abc import Iterable

from contracts.fixed_topics import (
    ACCOUNT_SECURITY,
    BEHAVIOUR,
    DAY_MS,
    FAILED,
    FEATURES,
    LABELS,
    LATE,
    NO_LIMIT_MS,
    OUTCOMES,
    RAW,
    RULES,
    SUPPRESSED,
    Topic,
)
from contracts.purposes.load import REFERENCE, load_purposes
from contracts.purposes.model import Purpose

__all__ = (
    "ALL",
    "ANALYTICS",
    "BEHAVIOUR_EVENTS",
    "DAY_MS",
    "ENRICHED",
    "FAILED",
    "LATE",
    "NO_LIMIT_MS",
    "OUTCOMES",
    "PERSONALIZATION",
    "RAW",
    "SECURITY",
    "SUPPRESSED",
    "Topic",
    "of_purpose",
    "table",
)


def of_purpose(purpose: Purpose) -> Topic:
    """The enriched topic of a purpose. Its key is the first identifier of the policy's list that the event has, in the
    form that the policy gives the purpose: pseudonyms key the topic of a purpose that sees only pseudonyms.
    """
    _, kind, name, version = purpose.topic.split(".")
    return Topic(
        name=purpose.topic,
        retention_ms=purpose.retention_days * DAY_MS,
        keyed_by=purpose.key[0],
        purpose=purpose.name,
        schema=f"{kind}_{name}.{version}",
        about=purpose.about,
    )


def table(purposes: Iterable[Purpose]) -> tuple[Topic, ...]:
    """All topics under a policy."""
    return (RAW, *map(of_purpose, purposes), *OUTCOMES, *BEHAVIOUR, *ACCOUNT_SECURITY, FEATURES, LABELS, RULES)


_PURPOSES = load_purposes(REFERENCE)
ALL = table(_PURPOSES)
"""Under this project's own policy."""
ENRICHED = tuple(map(of_purpose, _PURPOSES))
_BY_PURPOSE = {topic.purpose: topic for topic in ENRICHED}
# The four purposes that tools and tests mean by name. Another purpose needs no constant.
ANALYTICS, SECURITY, PERSONALIZATION, BEHAVIOUR_EVENTS = (
    _BY_PURPOSE[name] for name in ("analytics", "security", "personalization", "behaviour")
)
