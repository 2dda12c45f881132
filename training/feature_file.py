"""The file of features, as the commands of this room read it."""

from pathlib import Path
from typing import Final

from core.features.declarations.load import load_features
from core.features.model import FeatureSet
from training.problems import TrainingError

SHIPPED: Final = Path(__file__).resolve().parents[1] / "deploy" / "features.yaml"


def read_features(path: Path) -> FeatureSet:
    """:raises TrainingError: with every problem of the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise TrainingError(f"{path}: {reason}") from error
    found = load_features(text)
    if not isinstance(found, FeatureSet):
        raise TrainingError("\n".join(f"{path}:{each.line}: {each.reason}" for each in found))
    return found
