"""The file of features, as commands and tools of this room and those above it read it."""

from pathlib import Path

from core.features.declarations.load import load_features
from core.features.model import FeatureSet
from deploy.paths import FEATURES_FILE


class FileOfFeaturesError(Exception):
    """It cannot be used. A line for each problem."""


def read_features(file: Path = FEATURES_FILE) -> FeatureSet:
    """:raises FileOfFeaturesError: with every problem, or why it cannot be read."""
    try:
        found = load_features(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FileOfFeaturesError(f"{file}: {type(error).__name__}") from error
    if isinstance(found, FeatureSet):
        return found
    raise FileOfFeaturesError("\n".join(f"{file}:{each.line}: {each.reason}" for each in found))
