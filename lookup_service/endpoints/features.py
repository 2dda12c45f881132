"""Reads features from Redis, all ids of a request in one round trip."""

from collections.abc import Sequence

import msgspec

from common.strict_json import StrictDecoder
from contracts.lookup_api.features import Entity, FeatureRecord, FeatureResult, redis_key
from lookup_service.clock import now_ms
from lookup_service.resolving.shared_redis import SharedRedis

MISSING = FeatureResult(status="missing")
ERROR = FeatureResult(status="error")
_decode = StrictDecoder(FeatureRecord).decode


async def read_features(redis: SharedRedis, entity: Entity, ids: Sequence[str]) -> list[FeatureResult]:
    """One result per id, in order: ``error`` if Redis is down or the record is invalid."""
    if not ids:
        return []
    stored = await redis.get([redis_key(entity, entity_id) for entity_id in ids])
    if stored is None:
        return [ERROR] * len(ids)
    now = now_ms()
    return [MISSING if record is None else _result(record, now) for record in stored]


def _result(record: bytes, now: int) -> FeatureResult:
    try:
        found = _decode(record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ERROR
    return FeatureResult(
        status="ok",
        features=found.features,
        updated_tstamp=found.updated_tstamp,
        age_ms=max(0, now - found.updated_tstamp),
    )
