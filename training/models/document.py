"""The tables of ``docs/reference/models.md``, from the models' ``metrics.json``.

``python -m training.models.document [--check]`` writes or compares the part of the document between the marks.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from contracts.publishing.marked_part import MarkedPart
from training.models import recommendation, risk
from training.models.detection import Detection
from training.models.files import MODELS, PROJECT, Metrics, read_metrics
from training.models.ranking import Ranking

PART: Final = MarkedPart(
    PROJECT / "docs" / "reference" / "models.md",
    "<!-- figures: made by training.models.document -->\n",
    "<!-- end of figures -->\n",
)


def render() -> str:
    ranked, judged = (read_metrics(MODELS / name) for name in (recommendation.NAME, risk.NAME))
    lines = (
        *_recommendation(ranked, msgspec.convert(ranked.figures, recommendation.Figures)),
        *_risk(judged, msgspec.convert(judged.figures, risk.Figures)),
    )
    return "\n".join(lines) + "\n"


def _recommendation(metrics: Metrics, figures: recommendation.Figures) -> Iterator[str]:
    yield _title(metrics)
    yield (
        f"Trained with {figures.trained_views:,} views: {figures.chosen}. {figures.candidates} candidates, of which "
        "one is the listing that was viewed.\n"
    )
    yield from _table(
        ("held out", "views", "ranked by", "hit rate at 3", "hit rate at 10", "mean reciprocal rank"),
        [
            (name, f"{part.views:,}", by, *_ranking(ranking))
            for name, part in (("later, the same seed", figures.later), ("another seed", figures.other_seed))
            for by, ranking in (
                ("the model", part.model),
                ("popularity", part.popularity),
                ("category, then popularity", part.category_and_popularity),
            )
        ],
    )
    left_out = figures.later.left_out + figures.other_seed.left_out
    yield f"Left out: {left_out} views of listings that nobody had viewed before.\n"
    yield from _table(
        ("choice, on the validation part", "hit rate at 3", "hit rate at 10", "mean reciprocal rank"),
        [(choice, *_ranking(ranking)) for choice, ranking in figures.validation.items()],
    )


def _risk(metrics: Metrics, figures: risk.Figures) -> Iterator[str]:
    yield _title(metrics)
    seeds = ", ".join(map(str, figures.test_seeds))
    yield (
        f"Trained with {figures.trained_sign_ins:,} successful sign-ins, {figures.trained_attacks:,} of them attacks: "
        f"{figures.chosen}. Held out, seeds {seeds}: {figures.sign_ins:,} sign-ins, {figures.attacks:,} of them "
        "attacks.\n"
    )
    head = ("ROC AUC", "average precision", "recall at 1% false positives", "at 0.1%")
    yield from _table(
        ("held out, judged by", *head),
        [
            ("the model", *_detection(figures.model)),
            ("the shipped rules, score of the verdict", *_detection(figures.rules)),
            ("5 failures in an hour", *_detection(figures.many_failures)),
        ],
    )
    yield from _table(
        ("choice, on the validation part", *head),
        [(choice, *_detection(each)) for choice, each in figures.validation.items()],
    )


def _title(metrics: Metrics) -> str:
    return f"### {metrics.model}, version `{metrics.version}`, features `{metrics.features_version}`\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    rule = ["---"] * len(head)
    for row in (head, rule, *rows):
        yield f"| {' | '.join(row)} |"
    yield ""


def _ranking(ranking: Ranking) -> tuple[str, str, str]:
    return f"{ranking.hit_rate_at_3:.3f}", f"{ranking.hit_rate_at_10:.3f}", f"{ranking.mean_reciprocal_rank:.3f}"


def _detection(found: Detection) -> list[str]:
    measures = (found.roc_auc, found.average_precision, found.recall_at_1_percent, found.recall_at_1_per_mille)
    return [f"{each:.3f}" for each in measures]


if __name__ == "__main__":
    sys.exit(PART.write_or_check(render()))
