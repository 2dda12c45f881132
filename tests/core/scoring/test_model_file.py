import pytest

from core.scoring.model_file import (
    Clip,
    ModelProblem,
    OnnxModel,
    OpenInferenceModel,
    Output,
    SageMakerModel,
    read_model,
    runtime_of,
)

TEXT = """
name: listing_recommendation
version: "3"
runtime: onnx
file: listings.onnx
deadline_ms: 20
inputs:
  - {name: views_1h, feature: browser__listing_views__1h, fallback: 0, transform: log1p}
  - {name: matches, count_of: listing__category__lifetime, in: browser__last_categories__lifetime, fallback: 0}
  - {name: same_band, equal: [listing__price_band__lifetime, browser__price_band__24h], fallback: 0.5}
  - {name: likelihood, request: likelihood, fallback: -1}
  - {name: age, feature: browser__since_last_event__lifetime, fallback: 86400000, transform: [hours, {clip: [0, 24]}]}
output: {name: probabilities, column: 1}
features_version: 0f1e2d3c
trained: {auc: 0.8}
"""
REMOTE = TEXT.replace("file: listings.onnx\n", "")


def test_every_part_is_read() -> None:
    model = read_model(TEXT)
    assert isinstance(model, OnnxModel)
    assert (model.name, model.version, model.file, model.deadline_ms) == (
        "listing_recommendation",
        "3",
        "listings.onnx",
        20,
    )
    assert [each.name for each in model.inputs] == ["views_1h", "matches", "same_band", "likelihood", "age"]
    assert (model.inputs[1].count_of, model.inputs[1].in_) == (
        "listing__category__lifetime",
        "browser__last_categories__lifetime",
    )
    assert model.inputs[2].equal == ("listing__price_band__lifetime", "browser__price_band__24h")
    assert model.inputs[4].transform == ["hours", Clip((0, 24))]
    assert model.output == Output(name="probabilities", column=1)
    assert (model.features_version, model.trained, model.fallback_score) == ("0f1e2d3c", {"auc": 0.8}, None)
    assert runtime_of(model) == "onnx"


def test_models_elsewhere() -> None:
    server = read_model(REMOTE.replace("runtime: onnx", "runtime: open_inference\nurl: http://models:8080"))
    assert isinstance(server, OpenInferenceModel)
    assert (server.url, server.tensor, server.datatype, runtime_of(server)) == (
        "http://models:8080",
        "input",
        "FP32",
        "open_inference",
    )
    endpoint = read_model(REMOTE.replace("runtime: onnx", "runtime: sagemaker\nendpoint: a-1\nregion: eu-west-1"))
    assert isinstance(endpoint, SageMakerModel)
    assert (endpoint.endpoint, endpoint.content, runtime_of(endpoint)) == ("a-1", "csv", "sagemaker")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (TEXT, "", "Expected `object`, got `null`"),
        (TEXT, "a: [", "line 1: not YAML"),
        (TEXT, "- 1", "Expected `object`, got `array`"),
        ("runtime: onnx", "runtime: other", "Invalid value 'other' - at `$.runtime`"),
        ("runtime: onnx\n", "", "missing required field `runtime`"),
        ("runtime: onnx\n", "runtime: onnx\nbatch: 3\n", "unknown field `batch`"),
        ("file: listings.onnx", "file: ../listings.onnx", "$.file"),
        ("name: listing_recommendation", "name: Listing", "$.name"),
        ("deadline_ms: 20", "deadline_ms: 0", "$.deadline_ms"),
        ("fallback: -1", "fallback: .inf", "$.inputs[3].fallback"),
        ("fallback: -1", "fallback: .nan", "$.inputs[3].fallback"),
        ("fallback: -1}", "fallback: -1, transform: square}", "$.inputs[3].transform"),
        (", fallback: -1", "", "missing required field `fallback`"),
        ("name: age", "name: likelihood", "input likelihood: the name is there twice"),
        ("request: likelihood, ", "", "input likelihood: needs one of"),
        ("request: likelihood, ", "request: likelihood, feature: a, ", "input likelihood: needs one of"),
        ("in: browser__last_categories__lifetime, ", "", "input matches: needs one of"),
        ("request: likelihood, ", "request: likelihood, in: a, ", "input likelihood: needs one of"),
        ("clip: [0, 24]", "clip: [24, 0]", "input age: clip"),
        ("column: 1", "column: -1", "$.output.column"),
    ],
)
def test_what_is_wrong_is_told(old: str, new: str, reason: str) -> None:
    assert old in TEXT
    found = read_model(TEXT.replace(old, new))
    assert isinstance(found, ModelProblem)
    assert reason in str(found)
    assert "\n" not in str(found)


@pytest.mark.parametrize(
    "trained", ["{counts: {yes: 3, no: 5}}", '"\\ud800"', "&notes {self: *notes}", "{counts: {~: 1}}"]
)
def test_what_cannot_be_shown_as_json_is_refused(trained: str) -> None:
    found = read_model(TEXT.replace("trained: {auc: 0.8}", f"trained: {{notes: {trained}}}"))
    assert isinstance(found, ModelProblem)
    assert found.reason.startswith("it cannot be shown as JSON: ")


def test_dates_and_numbers_can_be_shown() -> None:
    found = read_model(TEXT.replace("{auc: 0.8}", "{day: 2026-11-01, auc: .nan, rows: {1: 2}}"))
    assert isinstance(found, OnnxModel), found
