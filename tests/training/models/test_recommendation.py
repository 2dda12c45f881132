"""A small training: it is repeatable, and it beats what needs no training."""

import pytest

from tests.training.models.samples import PLAN, features, inputs
from training.models.recommendation import NAME, train


@pytest.mark.slow
def test_a_small_training_beats_the_baselines_and_can_be_repeated() -> None:
    fitted, figures = train(features(), inputs(NAME), PLAN)
    assert figures.trained_views > 500
    for part in (figures.later, figures.other_seed):
        assert part.views > 100
        for baseline in (part.popularity, part.category_and_popularity):
            assert part.model.mean_reciprocal_rank > baseline.mean_reciprocal_rank + 0.05
            assert part.model.hit_rate_at_3 > baseline.hit_rate_at_3 + 0.05
    chosen = figures.validation[figures.chosen]
    assert chosen.mean_reciprocal_rank == max(each.mean_reciprocal_rank for each in figures.validation.values())
    assert train(features(), inputs(NAME), PLAN) == (fitted, figures)
