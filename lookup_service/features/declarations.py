"""The file of features that the service serves, and which values of it a request wants."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from core.features.declarations.load import load_features
from core.features.model import EntityName, Feature, FeatureSet, Window

Chosen: TypeAlias = Mapping[EntityName, Sequence[tuple[Feature, Window]]]
"""The wanted values of each entity."""
_SHOWN = re.compile(r"[a-z0-9_]{1,128}", re.ASCII)


class FeatureFileError(Exception):
    """The file cannot be read or has mistakes. The message is one line, with the numbers of the file's lines."""


@dataclass(frozen=True, slots=True)
class UnknownNames:
    names: tuple[str, ...]
    """As they were asked for."""

    @property
    def words(self) -> str:
        """Only what looks like a name is shown: a request may have anything in its place, such as an id."""
        shown = [name for name in self.names if _SHOWN.fullmatch(name)]
        hidden = len(self.names) - len(shown)
        return ", ".join(shown + ([f"{hidden} that cannot be names"] if hidden else []))


def read_feature_file(path: Path) -> FeatureSet:
    """Raises FeatureFileError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FeatureFileError(type(error).__name__) from error
    found = load_features(text)
    if isinstance(found, FeatureSet):
        return found
    raise FeatureFileError("; ".join(f"line {problem.line}: {problem.reason}" for problem in found))


def choose(features: FeatureSet, names: Iterable[str], *, only: EntityName | None = None) -> Chosen | UnknownNames:
    """Of value names such as ``browser__listing_views__1h``. A name that occurs twice is chosen once.

    :param only: values of other entities are unknown.
    """
    chosen: dict[EntityName, list[tuple[Feature, Window]]] = {}
    unknown = []
    for name in dict.fromkeys(names):
        found = features.by_value_name.get(name)
        if found is None or (only is not None and found[0].entity != only):
            unknown.append(name)
        else:
            chosen.setdefault(found[0].entity, []).append(found)
    return UnknownNames(tuple(unknown)) if unknown else chosen


def all_of(features: FeatureSet, entity: EntityName) -> Chosen:
    """All values of the entity."""
    return {entity: [(feature, window) for feature in features.of(entity) for window in feature.windows]}
