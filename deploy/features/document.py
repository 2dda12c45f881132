"""The table of features in ``docs/reference/features.md``, from ``deploy/features.yaml``.

``python -m deploy.features.document [--check]`` writes or compares the part of the document between the marks.
"""

import sys
from collections.abc import Iterator
from typing import Final

from contracts.publishing.marked_part import MarkedPart
from core.features.model import Feature, FeatureSet
from deploy.features.file import read_features
from deploy.paths import PROJECT

PART: Final = MarkedPart(
    PROJECT / "docs" / "reference" / "features.md",
    "<!-- features: made by deploy.features.document -->\n",
    "<!-- end of features -->\n",
)
_HEAD: Final = ("feature", "windows", "what", "of which events", "aggregation", "version")


def render(features: FeatureSet) -> str:
    """A table in Markdown for each entity."""
    return "\n".join(line for name in features.entities for line in _entity(features, features.of(name))) + "\n"


def _entity(features: FeatureSet, of_entity: tuple[Feature, ...]) -> Iterator[str]:
    if not of_entity:
        return
    entity = features.entities[of_entity[0].entity]
    days = entity.ttl_ms / 86_400_000
    yield f"**`{entity.name}`**: {entity.about} By `{entity.key}`, purpose {entity.source}, kept {days:g} days.\n"
    for row in (_HEAD, ("---",) * len(_HEAD), *map(_row, of_entity)):
        yield f"| {' | '.join(row)} |"
    yield ""


def _row(feature: Feature) -> tuple[str, ...]:
    every = "all" if feature.ratio is None else ""
    return (
        f"`{feature.entity}__{feature.name}`",
        " ".join(f"`{window.name}`" for window in feature.windows),
        feature.description.rstrip("."),
        f"`{' '.join(feature.filter_text.split())}`".replace("|", "\\|") if feature.filter_text else every,
        _aggregation(feature),
        str(feature.version),
    )


def _aggregation(feature: Feature) -> str:
    if feature.ratio is not None:
        return f"{feature.ratio.of} by {feature.ratio.to}"
    kind = feature.kind if feature.kind != "last_n" else f"last {feature.n}{', each once' if feature.distinct else ''}"
    value = f" of `{feature.value}`" if feature.value else ""
    return f"{kind}{value}{' in bands' if feature.bands else ''}".replace("_", " ", kind.count("_"))


def main() -> int:
    return PART.write_or_check(render(read_features()))


if __name__ == "__main__":
    sys.exit(main())
