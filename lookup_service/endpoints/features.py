"""``/v1/features``: which values a request wants, and the result of each id."""

from collections.abc import Sequence

from contracts.lookup_api.features import Entity, FeatureResult
from lookup_service.features.declarations import UnknownNames, all_of, choose
from lookup_service.features.reading import EntityValues, read_values
from lookup_service.http.error_response import ErrorResponse
from lookup_service.services import Services

RETRY_AFTER_S = 1
NOT_CONFIGURED = ErrorResponse(status_code=404, error="no features are declared: LOOKUP_FEATURES_PATH is not set")
NOT_DECLARED = ErrorResponse(status_code=404, error="no features of this entity are declared", field="entity")
NOT_STORED = ErrorResponse(status_code=404, error="no features are stored for this id", field="entity_id")
UNAVAILABLE = ErrorResponse(status_code=503, error="the features cannot be read", retry_after_s=RETRY_AFTER_S)


async def read_features(
    services: Services, entity: Entity, ids: Sequence[str], names: Sequence[str] | None = None, at: int | None = None
) -> list[FeatureResult] | ErrorResponse:
    """One result per id, in order.

    :param names: of values of this entity; None: all.
    :param at: ms since 1970 UTC; None: now.
    """
    features = services.features
    if features is None:
        return NOT_CONFIGURED
    if entity not in features.entities:
        return NOT_DECLARED
    chosen = all_of(features, entity) if names is None else choose(features, names, only=entity)
    if isinstance(chosen, UnknownNames):
        return ErrorResponse(status_code=422, error=f"unknown values of {entity}: {chosen.words}", field="names")
    read = await read_values(services, {entity: ids}, chosen, at)
    return [_result(each) for each in read[entity]]


def refused(result: FeatureResult) -> ErrorResponse:
    """How the result of a single id, which is not ``ok``, is answered."""
    if result.status == "stale":
        error = "the newest event of this id is longer ago than its time to live; `at` asks for an earlier instant"
        members = {"updated_tstamp": result.updated_tstamp, "age_ms": result.age_ms}
        return ErrorResponse(status_code=404, error=error, field="entity_id", members=members)
    if result.status == "invalid":
        error = "before the newest event of this id, whose earlier values are not kept"
        members = {"updated_tstamp": result.updated_tstamp}
        return ErrorResponse(status_code=422, error=error, field="at", members=members)
    return NOT_STORED if result.status == "missing" else UNAVAILABLE


def _result(read: EntityValues) -> FeatureResult:
    is_ok = read.status == "ok"
    return FeatureResult(
        status=read.status,
        features=dict(read.values) if is_ok else None,
        updated_tstamp=read.newest_tstamp,
        age_ms=read.age_ms,
    )
