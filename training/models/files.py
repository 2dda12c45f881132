"""The folder of a model: ``model.yaml``, whose inputs are written by hand, and what training makes beside it."""

import json
import re
from pathlib import Path
from typing import Final

import msgspec

from core.features.model import FeatureSet
from core.scoring.fitting import misfits
from core.scoring.model_file import OnnxModel, read_model
from training.models.fitting import Fitted
from training.problems import TrainingError

PROJECT: Final = Path(__file__).parents[2]
MODELS: Final = PROJECT / "deploy" / "models"
_DECLARATION, _METRICS = "model.yaml", "metrics.json"


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """``metrics.json``: made by the training, never by hand."""

    model: str
    version: str
    """As in ``model.yaml``."""
    features_version: str
    figures: dict[str, object]


def read_declaration(folder: Path, features: FeatureSet) -> OnnxModel:
    """Raises TrainingError also where the model does not fit the features."""
    found = read_model((folder / _DECLARATION).read_text("utf-8"))
    if not isinstance(found, OnnxModel):
        raise TrainingError(f"{folder.name}: {getattr(found, 'reason', 'not an ONNX model')}")
    reasons = misfits(found, features)
    if reasons:
        raise TrainingError("\n".join(f"{folder.name}: {each}" for each in reasons))
    return found


def read_metrics(folder: Path) -> Metrics:
    return msgspec.json.decode((folder / _METRICS).read_bytes(), type=Metrics)


def write_model(folder: Path, model: OnnxModel, fitted: Fitted, features: FeatureSet, figures: msgspec.Struct) -> None:
    """The model, its figures, and the lines of ``model.yaml`` that name them."""
    metrics = Metrics(
        model=model.name,
        version=fitted.version,
        features_version=features.version,
        figures=msgspec.to_builtins(figures),
    )
    (folder / model.file).write_bytes(fitted.onnx)
    (folder / _METRICS).write_bytes(msgspec.json.format(msgspec.json.encode(metrics), indent=2) + b"\n")
    path = folder / _DECLARATION
    text = path.read_text("utf-8")
    lines = {"version": fitted.version, "sha256": fitted.sha256, "features_version": features.version}
    for key, value in lines.items():
        text, count = re.subn(rf"(?m)^{key}: .*$", f"{key}: {json.dumps(value)}", text)
        if count != 1:
            raise TrainingError(f"{folder.name}: {_DECLARATION} needs one line {key}")
    path.write_text(text, "utf-8")
