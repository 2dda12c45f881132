"""``POST /v1/score/{model}``: features from the store, the caller's numbers, one run of the model for all rows.

Features that cannot be read in time are fallbacks, so that a score does not depend on the store.
"""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias
from uuid import uuid4

import structlog

from contracts.lookup_api.scores import ScoreAnswer, ScoreRequest, ScoreRow, Status
from core.features.model import EntityName, Value
from core.scoring.inputs import Row
from lookup_service.clock import now_ms
from lookup_service.features.reading import read_values
from lookup_service.http.error_response import ErrorResponse
from lookup_service.scoring.loading import LoadedModel
from lookup_service.scoring.runtime import Rows, RunFailure, Tensor, scores_of
from lookup_service.scoring.score_log import ScoredRows
from lookup_service.services import Services

READING_SHARE: Final = 0.5
"""Share of the time for reading features, so that a slow store leaves time for the model."""
ROWS_PER_TURN: Final = 128
"""Rows, each some 10 µs, that are made before the event loop runs other requests."""
UNKNOWN: Final = ErrorResponse(status_code=404, error="there is no such model", field="model")
UNUSABLE: Final = ErrorResponse(
    status_code=503,
    error="no version of this model can be used; GET /v1/models says why",
    field="model",
    retry_after_s=10,
)
FAILURES: Final[Mapping[str, ErrorResponse]] = {
    "late": ErrorResponse(status_code=504, error="the model gave no answer in time", field="model"),
    "failed": ErrorResponse(status_code=503, error="the model cannot be asked now", field="model", retry_after_s=1),
    "refused": ErrorResponse(status_code=502, error="the model gave an answer that cannot be used", field="model"),
}
"""By :attr:`RunFailure.kind`."""
_Values: TypeAlias = Mapping[str, Value]
_NOTHING: Final[_Values] = {}
log = structlog.get_logger(__name__)


def model_of(services: Services, name: str) -> LoadedModel | ErrorResponse:
    model = services.models.models.get(name)
    if model is None:
        return UNUSABLE if services.models.is_refused(name) else UNKNOWN
    return model


async def score(
    model: LoadedModel, request: ScoreRequest, services: Services, *, until: float
) -> ScoreAnswer | RunFailure:
    """Never raises. A failure is returned only if the model declares no fallback score.

    :param until: :func:`time.perf_counter` by which the answer is wanted.
    """
    rows = await _rows(model, request, services, until)
    numbers = [row.numbers for row in rows]
    fallbacks = [row.fallbacks for row in rows]
    scores = await _scores(model, numbers, services, until)
    status: Status = "degraded" if any(fallbacks) else "ok"
    if isinstance(scores, RunFailure):
        if model.file.fallback_score is None:
            return scores
        scores, status = [model.file.fallback_score] * len(rows), "fallback"
    answer = ScoreAnswer(
        request_id=request.request_id or uuid4().hex,
        model=model.file.name,
        version=model.file.version,
        features_version=services.models.features_version,
        status=status,
        scores=scores,
        fallbacks=fallbacks,
    )
    _log(answer, model, numbers, request.rows, services)
    return answer


async def run(model: LoadedModel, rows: Rows, services: Services, until: float) -> Tensor | RunFailure:
    """Never raises. One run of the model, unless its time is over already."""
    left_s = until - time.perf_counter()
    if left_s <= 0:
        return RunFailure("late", "the time is over before the model is asked")
    started = time.perf_counter()
    try:
        found = await model.runtime.run(rows, left_s)
    except Exception as error:  # a bug concerns this request only; its text may have values
        found = RunFailure("failed", type(error).__name__)
        log.error("model_failed", model=model.file.name, error_type=type(error).__name__)
    services.metrics.scores.record_run(model.file.name, seconds=time.perf_counter() - started)
    return found


async def _scores(model: LoadedModel, rows: Rows, services: Services, until: float) -> list[float] | RunFailure:
    if not rows:
        return []
    found = await run(model, rows, services, until)
    return found if isinstance(found, RunFailure) else scores_of(found, model.file.output, len(rows))


async def _rows(model: LoadedModel, request: ScoreRequest, services: Services, until: float) -> list[Row]:
    known = await _read(model, request, services, until)
    rows: list[Row] = []
    for number, row in enumerate(request.rows, 1):
        if number % ROWS_PER_TURN == 0:
            await asyncio.sleep(0)
        values: dict[str, Value] = {}
        for entity, by_id in known.items():
            values.update(by_id.get(getattr(row, entity), _NOTHING))
        rows.append(model.inputs.row(values, row.inputs))
    return rows


async def _read(
    model: LoadedModel, request: ScoreRequest, services: Services, until: float
) -> dict[EntityName, dict[str | None, _Values]]:
    """Entity → id → what is known of it: each id is read once, all in one round trip."""
    wanted = {entity: _ids(entity, request.rows) for entity in model.chosen}
    wanted = {entity: ids for entity, ids in wanted.items() if ids}
    if not wanted:
        return {}
    try:
        async with asyncio.timeout((until - time.perf_counter()) * READING_SHARE):
            found = await read_values(services, wanted, model.chosen, request.at)
    except TimeoutError:
        return {}
    return {
        entity: {entity_id: each.values for entity_id, each in zip(ids, found[entity], strict=True)}
        for entity, ids in wanted.items()
    }


def _ids(entity: EntityName, rows: Sequence[ScoreRow]) -> list[str]:
    return [found for found in dict.fromkeys(getattr(row, entity) for row in rows) if found is not None]


def _log(answer: ScoreAnswer, model: LoadedModel, rows: Rows, asked: Sequence[ScoreRow], services: Services) -> None:
    if services.score_log is None or random.random() >= services.settings.score_log_share:
        return
    services.score_log.put(
        ScoredRows(
            tstamp=now_ms(),
            request_id=answer.request_id,
            model=answer.model,
            version=answer.version,
            features_version=answer.features_version,
            status=answer.status,
            names=model.inputs.names,
            inputs=rows,
            scores=answer.scores,
            fallbacks=answer.fallbacks,
            asked=asked,
        )
    )
