"""How well candidates are ranked."""

from collections.abc import Iterable, Sequence

import msgspec

from training.models.listing_rows import Group


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of the groups in which the viewed listing is among the first; the mean of 1 / its rank."""

    hit_rate_at_3: float
    hit_rate_at_10: float
    mean_reciprocal_rank: float


def rank_of_first(scores: Sequence[float]) -> float:
    """Rank of the first candidate, from 1. Among equal scores it is in the middle, so that ties help nobody."""
    viewed = scores[0]
    better = sum(score > viewed for score in scores)
    return 1 + better + (sum(score == viewed for score in scores) - 1) / 2


def ranking(scores: Iterable[Sequence[float]]) -> Ranking:
    """:param scores: those of each group's candidates; at least one group."""
    ranks = [rank_of_first(each) for each in scores]
    return Ranking(
        hit_rate_at_3=_mean([float(rank <= 3) for rank in ranks]),
        hit_rate_at_10=_mean([float(rank <= 10) for rank in ranks]),
        mean_reciprocal_rank=_mean([1 / rank for rank in ranks]),
    )


def by_popularity(group: Group) -> list[float]:
    return group.popularity


def by_category_and_popularity(group: Group) -> list[float]:
    """First those of the category of the listing viewed last, the most popular first; then the others."""
    above = max(group.popularity) + 1
    return [
        popularity + above * is_same
        for popularity, is_same in zip(group.popularity, group.in_last_category, strict=True)
    ]


def _mean(numbers: list[float]) -> float:
    return round(sum(numbers) / len(numbers), 4)
