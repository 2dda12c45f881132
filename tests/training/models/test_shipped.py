"""The committed models: they are the ones that their declarations and figures name, and fit the shipped features."""

from hashlib import sha256

import msgspec
import pytest

from core.features.model import Value
from core.scoring.inputs import ModelInputs
from tests.training.models.samples import features
from training.models import document, recommendation, risk
from training.models.files import MODELS, read_declaration, read_metrics
from training.models.fitting import Scorer

NAMES = [recommendation.NAME, risk.NAME]
MOST_BYTES = 100_000


@pytest.mark.parametrize("name", NAMES)
def test_file_declaration_and_figures_are_of_one_version(name: str) -> None:
    model, metrics = read_declaration(MODELS / name, features()), read_metrics(MODELS / name)
    onnx = (MODELS / name / model.file).read_bytes()
    assert model.name == metrics.model == name
    assert sha256(onnx).hexdigest() == model.sha256
    assert metrics.version == model.version == sha256(onnx).hexdigest()[:12]
    assert metrics.features_version == model.features_version
    assert len(onnx) < MOST_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_a_row_of_fallbacks_has_a_score(name: str) -> None:
    model = read_declaration(MODELS / name, features())
    row = ModelInputs(model.inputs).row({}, {})
    assert row.fallbacks == [each.name for each in model.inputs]
    [score] = Scorer((MODELS / name / model.file).read_bytes())([row.numbers])
    assert 0 <= score < 0.5


def test_the_listing_of_the_session_s_category_is_ranked_above_a_more_popular_one() -> None:
    folder = MODELS / recommendation.NAME
    inputs = ModelInputs(read_declaration(folder, features()).inputs)
    browser: dict[str, Value] = {
        "browser__last_categories__lifetime": ["bikes"] * 5,
        "browser__last_brands__lifetime": ["Velonar"] * 5,
        "browser__top_category__session": "bikes",
        "browser__top_category__7d": "bikes",
        "browser__top_brand__session": "Velonar",
        "browser__top_brand__7d": "Velonar",
        "browser__depth__session": 8,
        "browser__listing_views__session": 5,
        "browser__listing_views__7d": 5,
    }
    rows = []
    for category, brand, views in (("bikes", "Velonar", 5), ("fashion", "Marlow", 20)):
        listing: dict[str, Value] = {
            "listing__category__lifetime": category,
            "listing__brand__lifetime": brand,
            "listing__views__24h": views,
            "listing__views__7d": 20,
        }
        rows.append(inputs.row({**browser, **listing}, {}).numbers)
    first, second = Scorer((folder / "model.onnx").read_bytes())(rows)
    assert first > 2 * second


def test_the_recommendation_beats_both_baselines_on_what_was_held_out() -> None:
    figures = msgspec.convert(read_metrics(MODELS / recommendation.NAME).figures, recommendation.Figures)
    for part in (figures.later, figures.other_seed):
        for baseline in (part.popularity, part.category_and_popularity):
            assert part.model.mean_reciprocal_rank > 1.2 * baseline.mean_reciprocal_rank


def test_the_document_has_the_figures() -> None:
    text = document.PART.file.read_text("utf-8")
    assert document.PART.inserted(text, document.render()) == text
