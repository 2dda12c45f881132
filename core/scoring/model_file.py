"""``model.yaml``: what a model is, and which numbers it gets. docs/reference/scoring.md has an example of each kind.

The inputs are the columns of the one tensor of floats [rows, inputs] that the model takes, in their order.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec
import yaml
from msgspec import Meta

from contracts.lookup_api.scores import Runtime
from contracts.value_types import whole_text

Name: TypeAlias = Annotated[str, Meta(max_length=64), whole_text("[a-z][a-z0-9_]*")]
Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=256)]
Number: TypeAlias = Annotated[float, Meta(ge=-3e38, le=3e38)]
"""As far as a float of 32 bits goes."""


class Clip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``{clip: [low, high]}``: a smaller number becomes low, a larger one high."""

    clip: tuple[Number, Number]


Step: TypeAlias = Literal["none", "log1p", "hours"] | Clip
"""log1p: ln(1 + x), of 0 where x is negative; hours: of ms, such as a recency's."""


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"in_": "in"}):
    """One column. Exactly one of feature, request, equal, and count_of with in, says where it is from.

    Names of features are value names: ``browser__listing_views__1h``.
    """

    name: Name
    feature: Text | None = None
    """A number; true is 1 and false is 0."""
    request: Text | None = None
    """The caller gives it in the row's ``inputs``."""
    equal: tuple[Text, Text] | None = None
    """1 where two features have the same value, else 0."""
    count_of: Text | None = None
    """How often this feature's value is in the list that the feature ``in`` is."""
    in_: Text | None = None
    fallback: Number
    """In place of what is not known, before the transformation: in the feature's own unit."""
    transform: Step | list[Step] = "none"
    """One step, or several in their order."""


class Output(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tensor with the scores: [rows], or [rows, columns] of which one column is the score."""

    name: Text
    column: Annotated[int, Meta(ge=0)] = 0


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="runtime"):
    """What every model has. ``runtime`` says of which kind it is."""

    name: Name
    """Also the name of its folder."""
    version: Text
    inputs: Annotated[list[Input], Meta(min_length=1, max_length=1000)]
    output: Output
    description: str = ""
    deadline_ms: Annotated[int, Meta(ge=1, le=60_000)] = 50
    """For a request that says none."""
    fallback_score: Number | None = None
    """The score when the model gives none in time. Without it such a request fails: 504 late, 503 failed."""
    features_version: str | None = None
    """Version of the features that it was trained with. Reported next to the version in use; they may differ."""
    trained: dict[str, object] = {}
    """Notes of the training, such as its figures on held-out data. Shown, not used."""


class OnnxModel(Model, frozen=True, kw_only=True, tag="onnx"):
    """A file beside ``model.yaml``, run in the service."""

    file: Annotated[str, Meta(max_length=128), whole_text("[A-Za-z0-9_][A-Za-z0-9._-]*")] = "model.onnx"
    sha256: Annotated[str, whole_text("[0-9a-f]{64}")] | None = None
    """Of the file. With it the two files of a half-copied version are never taken for a pair."""


class OpenInferenceModel(Model, frozen=True, kw_only=True, tag="open_inference"):
    """On a server of the Open Inference Protocol v2, by JSON over HTTP."""

    url: Text
    """Of the server, without ``/v2``."""
    model: Text | None = None
    """Its name there; default: ``name``."""
    model_version: Text | None = None
    """Its version there; default: what the server has."""
    tensor: Text = "input"
    """Name of the input there."""
    datatype: Literal["FP32", "FP64"] = "FP32"
    key_path: Text | None = None
    """A file with a key, sent as a bearer token. Read when the model is loaded."""


class SageMakerModel(Model, frozen=True, kw_only=True, tag="sagemaker"):
    """An endpoint of Amazon SageMaker. ``output.name`` is the key of an answer in JSON; one in CSV has no names."""

    endpoint: Annotated[str, Meta(max_length=63), whole_text("[A-Za-z0-9][A-Za-z0-9-]*")]
    region: Annotated[str, Meta(max_length=32), whole_text("[a-z0-9-]+")]
    content: Literal["csv", "json"] = "csv"
    """Of the request: a row a line, or ``{"instances": [[…], …]}``."""
    url: Text | None = None
    """Of the whole resource in place of AWS's, such as ``http://…/invocations`` of a container. Then the request is
    signed only if there are credentials."""


AnyModel: TypeAlias = OnnxModel | OpenInferenceModel | SageMakerModel


class ModelProblem(msgspec.Struct, frozen=True):
    """Why a model cannot be used, in one line. ``str()`` of it is the reason."""

    reason: str
    may_pass: bool = False
    """It lies outside the model's folder, such as in the answer of a server: the same files may be usable later."""

    def __str__(self) -> str:
        return self.reason


def runtime_of(model: AnyModel) -> Runtime:
    if isinstance(model, OnnxModel):
        return "onnx"
    return "sagemaker" if isinstance(model, SageMakerModel) else "open_inference"


def read_model(text: str) -> AnyModel | ModelProblem:
    """The model of a ``model.yaml``. Whether its features exist is asked in :mod:`core.scoring.fitting`."""
    try:
        document = yaml.safe_load(text)
        model: AnyModel = msgspec.convert(document, AnyModel)
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "
        return ModelProblem(f"{line}not YAML: {error.problem}")
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # msgspec's ValidationError is a ValueError
        return ModelProblem(str(error).partition("\n")[0] or type(error).__name__)
    reason = _contradiction(model) or _not_shown(model)
    return model if reason is None else ModelProblem(reason)


def _contradiction(model: AnyModel) -> str | None:
    names: set[str] = set()
    for each in model.inputs:
        if each.name in names:
            return f"input {each.name}: the name is there twice"
        names.add(each.name)
        given = [each.feature, each.request, each.equal, each.count_of]
        if sum(value is not None for value in given) != 1 or (each.count_of is None) != (each.in_ is None):
            return f"input {each.name}: needs one of feature, request, equal, and count_of with in"
        for step in steps_of(each):
            if isinstance(step, Clip) and step.clip[0] > step.clip[1]:
                return f"input {each.name}: clip: the first number is larger than the second"
    return None


def _not_shown(model: AnyModel) -> str | None:
    """YAML has more than JSON: keys of truth values, such as ``no``, half characters, and values that have themselves.
    They would fail later, where all models are shown.
    """
    try:
        msgspec.json.encode(model)
    except (TypeError, ValueError, RecursionError) as error:
        return f"it cannot be shown as JSON: {type(error).__name__}"
    return None


def steps_of(given: Input) -> list[Step]:
    return given.transform if isinstance(given.transform, list) else [given.transform]
