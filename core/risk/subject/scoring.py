"""From the reasons of an event to a score, a level and a decision."""

from collections.abc import Iterable
from math import prod

from contracts.security.verdicts import Decision, Level
from core.risk.rules.model import Thresholds

_LEVELS: tuple[tuple[float, Level], ...] = ((0.9, "critical"), (0.7, "high"), (0.4, "medium"))
"""Lowest score → level. The weights of severities (``WEIGHTS``) are within the level of the same name."""


def score_of(weights: Iterable[float]) -> float:
    """Noisy or: the chance that at least one reason is right, if each is with its weight and they are independent."""
    return round(1 - prod(1 - weight for weight in weights), 3)


def level_of(score: float, *, is_learning: bool) -> Level:
    """:param is_learning: too little is known of the account for "none" to mean anything."""
    if not score:
        return "unknown" if is_learning else "none"
    return next((level for least, level in _LEVELS if score >= least), "low")


def decision_of(score: float, thresholds: Thresholds) -> Decision:
    if score >= thresholds.deny:
        return "deny"
    return "challenge" if score >= thresholds.challenge else "allow"
