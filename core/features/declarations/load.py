"""From the text of ``deploy/features.yaml`` to a :class:`FeatureSet`, or to everything that is wrong with it."""

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import msgspec

from contracts.purposes.yaml_nodes import Node, NodeError, read_documents
from core.features.declarations.documents import duration, entity, feature
from core.features.model import (
    DAY_MS,
    MINUTE_MS,
    SESSION_IDLE_MS,
    Entity,
    EntityName,
    Feature,
    FeatureProblem,
    FeatureSet,
)
from core.node_values import filled, one_of

MAX_BYTES: Final = 1024 * 1024
MOST_FEATURES: Final = 1_000
_FILE: Final = Path("features")
"""Messages name the line alone."""
_KEYS: Final = ("bots", "session_idle", "entities", "features")
_COUNTABLE: Final = frozenset({"count", "sum", "approx_distinct"})


@dataclass(frozen=True, slots=True)
class _Document:
    counts_bots: bool
    idle_ms: int
    entities: list[Node]
    features: list[Node]


def load_features(text: str) -> FeatureSet | tuple[FeatureProblem, ...]:
    """Every feature's first problem is told, in the order of the file."""
    try:
        document = _document(text)
    except NodeError as error:
        return (FeatureProblem(error.line, error.reason),)
    problems: list[FeatureProblem] = []
    entities = _entities(document.entities, problems)
    features = _features(document.features, entities, problems)
    problems += _between(features)
    if problems:
        return tuple(sorted(problems, key=lambda each: each.line))
    version = _version(entities, features, document)
    return FeatureSet(entities, tuple(features), version, document.counts_bots, document.idle_ms, text)


def _document(text: str) -> _Document:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise NodeError(_FILE, 1, f"longer than {MAX_BYTES} bytes")
    documents = read_documents(text, _FILE)
    if len(documents) != 1:
        raise NodeError(_FILE, 1, f"it must be one document and has {len(documents)}")
    parts = documents[0].members("the file", known=_KEYS, required=("entities", "features"))
    idle = parts.get("session_idle")
    features = filled(parts["features"], "features")
    if len(features) > MOST_FEATURES:
        raise parts["features"].error(f"more than {MOST_FEATURES} features")
    return _Document(
        counts_bots="bots" in parts and one_of(parts["bots"], "bots", ("ignore", "count")) == "count",
        idle_ms=SESSION_IDLE_MS if idle is None else duration(idle, "session_idle", MINUTE_MS, DAY_MS),
        entities=filled(parts["entities"], "entities"),
        features=features,
    )


def _entities(nodes: list[Node], problems: list[FeatureProblem]) -> dict[EntityName, Entity]:
    found: dict[EntityName, Entity] = {}
    for node in nodes:
        try:
            each = entity(node)
            if each.name in found:
                raise node.error(f"the entity {each.name} is there twice")
            found[each.name] = each
        except NodeError as error:
            problems.append(FeatureProblem(error.line, error.reason))
    return found


def _features(nodes: list[Node], entities: dict[EntityName, Entity], problems: list[FeatureProblem]) -> list[Feature]:
    found: list[Feature] = []
    for node in nodes:
        try:
            found.append(feature(node, entities))
        except NodeError as error:
            problems.append(FeatureProblem(error.line, error.reason))
    return found


def _between(features: list[Feature]) -> list[FeatureProblem]:
    """What is wrong between features: doubles, and ratios of what is not there."""
    problems = []
    by_name = {(each.entity, each.name): each for each in features}
    ids = Counter(each.id for each in features)
    seen: set[tuple[str, str]] = set()
    for each in features:
        if (each.entity, each.name) in seen:
            problems.append(FeatureProblem(each.line, f"{each.entity} has a feature {each.name} already"))
        elif ids[each.id] > 1:
            problems.append(FeatureProblem(each.line, f"{each.name} has the id of another feature; rename it"))
        seen.add((each.entity, each.name))
        if each.ratio is None:
            continue
        for part in (each.ratio.of, each.ratio.to):
            other = by_name.get((each.entity, part))
            if other is None or other.kind not in _COUNTABLE:
                problems.append(FeatureProblem(each.line, f"{part} is no count or sum of {each.entity}"))
            elif missing := [window.name for window in each.windows if window not in other.windows]:
                problems.append(FeatureProblem(each.line, f"{part} has no window {', '.join(missing)}"))
    return problems


def _version(entities: dict[EntityName, Entity], features: list[Feature], document: _Document) -> str:
    """A digest of what the file means; its descriptions, its order and its layout do not change it."""
    meaning: list[Any] = [document.counts_bots, document.idle_ms]
    meaning += sorted((each.name, each.source, each.key, each.ttl_ms) for each in entities.values())
    meaning += sorted(
        [
            *(each.entity, each.name, each.version, each.kind, each.filter_text, each.key, each.value, each.bands),
            *(each.n, each.distinct, str(each.ratio), [window.name for window in each.windows]),
        ]
        for each in features
    )
    return blake2b(msgspec.json.encode(meaning), digest_size=6).hexdigest()
