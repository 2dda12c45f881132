"""The model ``listing_recommendation``: which of some candidates a browser views next."""

from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final, NamedTuple

import msgspec
import numpy as np

from core.features.model import FeatureSet
from core.features.source_events import BehaviourEvent
from core.scoring.inputs import ModelInputs
from producers.synthetic.generator import GeneratorSettings
from training.models.fitting import CHOICES, Fitted, Scorer, fit
from training.models.listing_rows import Group, ListingRows
from training.models.ranking import Ranking, by_category_and_popularity, by_popularity, ranking
from training.models.streams import START_MS, behaviour

NAME: Final = "listing_recommendation"
_TRAINING: Final = 1
"""Its number among the parts."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    stream: GeneratorSettings
    """With a start and an end. Of each part's views, a share is taken at random."""
    parts: tuple[float, float, float] = (0.25, 0.7, 0.8)
    """Where training, validation and test begin, as shares of the stream's time. Before that, features are filled."""
    other_seed: int = 101
    """Of a second stream that is held out, from where validation begins: other people, listings and tastes."""
    trained_share: float = 0.4
    tested_share: float = 0.15
    trained_candidates: int = 16
    tested_candidates: int = 100


SHIPPED: Final = Plan(
    stream=GeneratorSettings(
        start_ms=START_MS, events=150_000, seed=1, event_rate=0.5, active_visits=10, users=2_000, listings=3_000
    )
)
"""Three and a half days of half an event a second, with about 75 events for each account."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of held-out views."""

    views: int
    left_out: int
    """Views of listings of which nothing was known, which no recommendation could have."""
    model: Ranking
    popularity: Ranking
    category_and_popularity: Ranking


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    candidates: int
    trained_views: int
    chosen: str
    validation: dict[str, Ranking]
    """Of each choice, on the part by which it was chosen."""
    later: Part
    other_seed: Part


class _Parts(NamedTuple):
    groups: list[list[Group]]
    """Of filling (empty), training, validation and test."""
    left_out: list[int]
    """Number of views without a group, of each part."""


def train(features: FeatureSet, inputs: ModelInputs, plan: Plan = SHIPPED) -> tuple[Fitted, Figures]:
    parts = _parts(features, inputs, plan)
    _, trained, validated, _ = parts.groups
    rows = np.array([row for group in trained for row in group.rows], dtype=np.float32)
    labels = [place == 0 for group in trained for place in range(len(group.rows))]
    fitted = {choice: fit(choice, rows, labels, len(inputs.names)) for choice in CHOICES}
    validation = {choice: _ranking(Scorer(each.onnx), validated) for choice, each in fitted.items()}
    chosen = max(CHOICES, key=lambda choice: validation[choice].mean_reciprocal_rank)
    score = Scorer(fitted[chosen].onnx)
    other = replace(plan, stream=replace(plan.stream, seed=plan.other_seed), parts=(plan.parts[1],) * 3)
    figures = Figures(
        candidates=plan.tested_candidates,
        trained_views=len(trained),
        chosen=chosen,
        validation=validation,
        later=_part(parts, score),
        other_seed=_part(_parts(features, inputs, other), score),
    )
    return fitted[chosen], figures


def _parts(features: FeatureSet, inputs: ModelInputs, plan: Plan) -> _Parts:
    stream = plan.stream
    if stream.start_ms is None or stream.events is None:
        raise ValueError("the stream needs a start and an end")
    length_ms = 1000 * stream.events / stream.event_rate
    begins = [stream.start_ms + share * length_ms for share in plan.parts]
    rng = Random(f"views {stream.seed}")

    def candidates(event: BehaviourEvent) -> int:
        draw, part = rng.random(), bisect(begins, event.derived_tstamp)
        if part == _TRAINING:
            return plan.trained_candidates if draw < plan.trained_share else 0
        return plan.tested_candidates if part > _TRAINING and draw < plan.tested_share else 0

    rows = ListingRows(features, inputs, stream.seed)
    groups: list[list[Group]] = [[], [], [], []]
    for group in rows.groups(behaviour(stream), candidates):
        groups[bisect(begins, group.at)].append(group)
    left_out = Counter(bisect(begins, at) for at in rows.left_out)
    return _Parts(groups, [left_out[part] for part in range(len(groups))])


def _part(parts: _Parts, score: Scorer) -> Part:
    groups = parts.groups[-1]
    return Part(
        views=len(groups),
        left_out=parts.left_out[-1],
        model=_ranking(score, groups),
        popularity=ranking(map(by_popularity, groups)),
        category_and_popularity=ranking(map(by_category_and_popularity, groups)),
    )


def _ranking(score: Scorer, groups: Sequence[Group]) -> Ranking:
    return ranking(score(group.rows) for group in groups)
