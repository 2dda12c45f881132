"""Which threshold of a flow keeps the accepted challenge rate. Pure."""

from collections.abc import Mapping
from typing import NamedTuple


class Suggestion(NamedTuple):
    threshold: float | None
    """The lowest score from which events may be challenged; None: even the highest score is too frequent."""
    rate: float
    """Share of the events that it challenges."""


def rate_at(scores: Mapping[float, int], events: int, threshold: float) -> float:
    """Share of the events with this score at least.

    :param scores: score → events.
    :param events: of the flow, those without a score among them.
    """
    return sum(count for score, count in scores.items() if score >= threshold) / events if events else 0.0


def threshold_for(scores: Mapping[float, int], events: int, challenge_rate: float) -> Suggestion:
    """Lower scores are added as long as the rate allows it.

    :param challenge_rate: the accepted share of the flow's events.
    """
    challenged, found = 0, Suggestion(None, 0.0)
    for score in sorted(scores, reverse=True):
        challenged += scores[score]
        if challenged > challenge_rate * events:
            break
        found = Suggestion(score, challenged / events)
    return found
