"""Fitting gives the same file each time, and the file the scores of a model that has learnt something."""

from random import Random

import numpy as np
import pytest

from training.models.fitting import CHOICES, Fitted, Scorer, fit

COLUMNS = 4


def data() -> tuple[list[list[float]], list[bool]]:
    rng = Random(5)
    rows = [[rng.random() for _ in range(COLUMNS)] for _ in range(600)]
    return rows, [row[0] + row[1] > 1 for row in rows]


def fitted(choice: str) -> Fitted:
    rows, labels = data()
    return fit(choice, np.array(rows, dtype=np.float32), labels, COLUMNS)


@pytest.mark.slow
@pytest.mark.parametrize("choice", CHOICES)
def test_two_runs_give_equal_bytes(choice: str) -> None:
    first = fitted(choice)
    assert first == fitted(choice)
    assert first.version == first.sha256[:12]


@pytest.mark.slow
@pytest.mark.parametrize("choice", CHOICES)
def test_the_file_scores_what_was_learnt(choice: str) -> None:
    rows, labels = data()
    scores = Scorer(fitted(choice).onnx)(rows)
    assert all(0 <= score <= 1 for score in scores)
    right = sum((score > 0.5) == label for score, label in zip(scores, labels, strict=True))
    assert right > 0.9 * len(rows)
