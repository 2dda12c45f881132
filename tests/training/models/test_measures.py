"""The measures, on cases that can be counted by hand."""

import pytest

from training.models.detection import detection, recall_at
from training.models.listing_rows import Group
from training.models.ranking import by_category_and_popularity, by_popularity, rank_of_first, ranking


@pytest.mark.parametrize(
    ("scores", "rank"), [([3, 2, 1], 1), ([1, 2, 3], 3), ([2, 2, 2], 2), ([1, 2, 1, 1, 0], 3), ([5], 1)]
)
def test_rank(scores: list[float], rank: float) -> None:
    assert rank_of_first(scores) == rank


def test_ranking_over_groups() -> None:
    found = ranking([[3, 2, 1], [0, 4, 3, 2, 1]])
    assert (found.hit_rate_at_3, found.hit_rate_at_10, found.mean_reciprocal_rank) == (0.5, 1.0, 0.6)


def test_baselines() -> None:
    group = Group("e", 0, [], [2.0, 9.0, 1.0], [True, False, True])
    assert rank_of_first(by_popularity(group)) == 2
    assert rank_of_first(by_category_and_popularity(group)) == 1


def test_recall_counts_equal_scores_on_one_side() -> None:
    labels = [False] * 100 + [True] * 4
    assert recall_at([0.1] * 99 + [0.9] + [0.5, 0.5, 0.9, 0.1], labels, 0.01) == 0.75
    assert recall_at([0.5] * 100 + [0.5, 0.5, 0.5, 0.9], labels, 0.01) == 0.25


def test_detection() -> None:
    perfect = detection([0.0, 0.1, 0.8, 0.9], [False, False, True, True])
    assert (perfect.roc_auc, perfect.average_precision, perfect.recall_at_1_percent) == (1.0, 1.0, 1.0)
    assert detection([0.9, 0.8, 0.1, 0.0], [False, False, True, True]).roc_auc == 0
