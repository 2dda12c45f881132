"""How well scores tell attacks from the innocent."""

from collections.abc import Sequence

import msgspec
from sklearn.metrics import average_precision_score, roc_auc_score


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    roc_auc: float
    average_precision: float
    recall_at_1_percent: float
    """Share of the attacks above the lowest limit that at most 1% of the innocent exceed."""
    recall_at_1_per_mille: float


def detection(scores: Sequence[float], labels: Sequence[bool]) -> Detection:
    """:param labels: True: an attack. Both must occur."""
    return Detection(
        roc_auc=round(float(roc_auc_score(labels, scores)), 4),
        average_precision=round(float(average_precision_score(labels, scores)), 4),
        recall_at_1_percent=round(recall_at(scores, labels, 0.01), 4),
        recall_at_1_per_mille=round(recall_at(scores, labels, 0.001), 4),
    )


def recall_at(scores: Sequence[float], labels: Sequence[bool], share: float) -> float:
    """Equal scores are on the same side of the limit, so a coarse score may use less than the share."""
    innocent = sorted((score for score, label in zip(scores, labels, strict=True) if not label), reverse=True)
    attacks = [score for score, label in zip(scores, labels, strict=True) if label]
    limit = innocent[int(share * len(innocent))]
    return sum(score > limit for score in attacks) / len(attacks)
