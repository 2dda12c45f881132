import pytest

from core.features.declarations.load import load_features
from core.features.model import FeatureSet
from core.scoring.fitting import misfits
from core.scoring.model_file import Input, OnnxModel, Output
from deploy.paths import PROJECT

FEATURES = load_features((PROJECT / "deploy" / "features.yaml").read_text(encoding="utf-8"))


def _reasons(*inputs: Input) -> list[str]:
    assert isinstance(FEATURES, FeatureSet)
    model = OnnxModel(name="m", version="1", inputs=list(inputs), output=Output(name="scores"))
    return [str(each) for each in misfits(model, FEATURES)]


def _feature(name: str) -> Input:
    return Input(name="a", feature=name, fallback=0)


def test_inputs_that_fit() -> None:
    assert not _reasons(
        _feature("browser__listing_views__1h"),
        _feature("browser__mean_price__24h"),
        _feature("seller__sell_through__7d"),
        _feature("listing__since_last_view__lifetime"),
        Input(name="b", count_of="listing__category__lifetime", in_="browser__last_categories__lifetime", fallback=0),
        Input(name="c", equal=("listing__price_band__lifetime", "browser__price_band__24h"), fallback=0),
        Input(name="d", equal=("listing__price__lifetime", "browser__listing_views__1h"), fallback=0),
        Input(name="e", request="anything", fallback=0),
    )
    assert not _reasons(_feature("account__sign_ins__1h"), Input(name="b", request="x", fallback=0))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (_feature("browser__hearts__1h"), "input a: there is no feature browser__hearts__1h"),
        (_feature("browser__listing_views__2h"), "input a: there is no feature browser__listing_views__2h"),
        (_feature("listing__category__lifetime"), "input a: listing__category__lifetime is no number but string"),
        (_feature("browser__last_listings__lifetime"), "is no number but string_list"),
        (
            Input(name="a", count_of="listing__price__lifetime", in_="browser__last_brands__lifetime", fallback=0),
            "count_of: listing__price__lifetime is no text but double",
        ),
        (
            Input(name="a", count_of="listing__category__lifetime", in_="listing__brand__lifetime", fallback=0),
            "in: listing__brand__lifetime is no list but string",
        ),
        (
            Input(name="a", equal=("listing__category__lifetime", "listing__views__24h"), fallback=0),
            "equal: string and int are never equal",
        ),
    ],
)
def test_what_does_not_fit_is_told(given: Input, reason: str) -> None:
    [found] = _reasons(given)
    assert reason in found


def test_every_misfit_is_told() -> None:
    assert len(_reasons(_feature("a__b__c"), Input(name="b", feature="d__e__f", fallback=0))) == 2


def test_features_for_protection_against_fraud_are_not_mixed_with_those_of_behaviour() -> None:
    reasons = _reasons(_feature("account__sign_ins__1h"), Input(name="b", feature="user__orders__7d", fallback=0))
    assert reasons == ["inputs: features of different purposes: behaviour, security"]
