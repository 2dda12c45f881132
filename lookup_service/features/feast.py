"""Feast's protocol: from a request to what is read, and from what was read to the answer. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from contracts.lookup_api.feast import (
    FULL,
    EntityKey,
    FeastStatus,
    FeatureVector,
    OnlineFeaturesMetadata,
    OnlineFeaturesRequest,
    OnlineFeaturesResponse,
)
from contracts.lookup_api.lookups import Status
from core.features.model import EntityName, FeatureSet
from lookup_service.features.declarations import Chosen, UnknownNames, all_of, choose
from lookup_service.features.reading import MISSING, EntityValues
from lookup_service.http.error_response import ErrorResponse

SESSION_KEY: Final = "session_id"
"""A session's declaration names the field of its visitor."""
NO_TIME: Final = "1970-01-01T00:00:00Z"
STATUSES: Final[Mapping[Status, FeastStatus]] = MappingProxyType(
    {"missing": "NOT_FOUND", "stale": "OUTSIDE_MAX_AGE", "error": "INVALID"}
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a request asks for."""

    chosen: Chosen
    columns: Mapping[EntityName, str]
    """The join key of each entity, as the request calls it."""
    keys: Mapping[str, Sequence[EntityKey]]
    """Join key → the ids of the rows, as they were sent: those that a column needs, in the request's order."""
    names: Sequence[tuple[EntityName, str, str]]
    """Entity, value name and name in the answer of each feature."""

    @property
    def wanted(self) -> dict[EntityName, list[str]]:
        """The ids to read, without those that are null or empty."""
        return {
            entity: [str(key) for key in self.keys[column] if not _is_blank(key)]
            for entity, column in self.columns.items()
        }


def plan_of(request: OnlineFeaturesRequest, features: FeatureSet) -> Plan | ErrorResponse:
    if len({len(keys) for keys in request.entities.values()}) > 1:
        return ErrorResponse(status_code=422, error="the lists are not of equal length", field="entities")
    chosen = _chosen(request, features)
    if isinstance(chosen, ErrorResponse):
        return chosen
    if not chosen:
        return ErrorResponse(status_code=422, error="no ids of any entity", field="entities")
    columns = {entity: _column(entity, features, request.entities) for entity in chosen}
    lacking = [entity for entity, column in columns.items() if column is None]
    if lacking:
        return ErrorResponse(status_code=422, error=f"no ids of {', '.join(sorted(lacking))}", field="entities")
    found = {entity: column for entity, column in columns.items() if column is not None}
    names = _names(request, chosen)
    twice = sorted(name for name, count in Counter(name for *_, name in names).items() if count > 1)
    if twice:
        error = f"several features are called {', '.join(twice)}; full_feature_names tells them apart"
        return ErrorResponse(status_code=422, error=error, field="features")
    used = {name: keys for name, keys in request.entities.items() if name in found.values()}
    return Plan(chosen, found, used, names)


def answer(plan: Plan, read: Mapping[EntityName, Sequence[EntityValues]]) -> OnlineFeaturesResponse:
    """:param read: of ``plan.wanted``."""
    vectors = [FeatureVector(list(keys), ["PRESENT"] * len(keys), [NO_TIME] * len(keys)) for keys in plan.keys.values()]
    rows = {entity: _rows(plan.keys[column], read[entity]) for entity, column in plan.columns.items()}
    times = {entity: [_time(row.newest_tstamp) for row in found] for entity, found in rows.items()}
    vectors += [_vector(rows[entity], name, times[entity]) for entity, name, _ in plan.names]
    return OnlineFeaturesResponse(vectors, OnlineFeaturesMetadata([*plan.keys, *(name for *_, name in plan.names)]))


def _chosen(request: OnlineFeaturesRequest, features: FeatureSet) -> Chosen | ErrorResponse:
    service = request.feature_service
    if service is None:
        return _named(request.features or (), features)
    if service == FULL:
        entities = [each for each in features.entities if _column(each, features, request.entities) is not None]
    else:
        entities = [each for each in features.entities if each == service]
        if not entities:
            known = ", ".join([*features.entities, FULL])
            return ErrorResponse(status_code=404, error=f"not one of {known}", field="feature_service")
    return {entity: pairs for each in entities for entity, pairs in all_of(features, each).items()}


def _named(references: Sequence[str], features: FeatureSet) -> Chosen | ErrorResponse:
    if not references:
        return ErrorResponse(status_code=422, error="features or a feature service are needed", field="features")
    is_malformed = any(name.count(":") != 1 or "__" in name.partition(":")[0] for name in references)
    if is_malformed or len(set(references)) < len(references):
        return ErrorResponse(status_code=422, error="each feature is named once, as view:feature", field="features")
    chosen = choose(features, map(_value_name, references))
    if isinstance(chosen, UnknownNames):
        return ErrorResponse(status_code=404, error=f"unknown features: {chosen.words}", field="features")
    return chosen


def _column(entity: EntityName, features: FeatureSet, given: Mapping[str, object]) -> str | None:
    """The entity's own name comes first: user and account have the same field."""
    field = SESSION_KEY if entity == "session" else features.entities[entity].key
    return next((name for name in (entity, field) if name in given), None)


def _names(request: OnlineFeaturesRequest, chosen: Chosen) -> list[tuple[EntityName, str, str]]:
    """In the order of the request, or of the file."""
    found = {
        feature.value_name(window): (entity, f"{feature.name}__{window.name}")
        for entity, pairs in chosen.items()
        for feature, window in pairs
    }
    asked = (
        found if request.feature_service is not None else [name.replace(":", "__") for name in request.features or ()]
    )
    return [(found[name][0], name, name if request.full_feature_names else found[name][1]) for name in asked]


def _value_name(reference: str) -> str:
    return reference.replace(":", "__")


def _rows(keys: Sequence[EntityKey], read: Sequence[EntityValues]) -> list[EntityValues]:
    """One for each row: ids that are null or empty were not read."""
    following = iter(read)
    return [MISSING if _is_blank(key) else next(following) for key in keys]


def _vector(rows: Sequence[EntityValues], name: str, times: list[str]) -> FeatureVector:
    values = [row.values.get(name) for row in rows]
    statuses: list[FeastStatus] = [
        ("NULL_VALUE" if value is None else "PRESENT") if row.status == "ok" else STATUSES[row.status]
        for row, value in zip(rows, values, strict=True)
    ]
    return FeatureVector(values, statuses, times)


def _is_blank(key: EntityKey) -> bool:
    return key is None or key == ""


def _time(tstamp: int | None) -> str:
    if tstamp is None:
        return NO_TIME
    whole = tstamp % 1000 == 0
    text = datetime.fromtimestamp(tstamp / 1000, UTC).isoformat(timespec="seconds" if whole else "milliseconds")
    return text.replace("+00:00", "Z")
