"""Rows for the score log, and a log of its own."""

from pathlib import Path

from prometheus_client import CollectorRegistry

from contracts.lookup_api.scores import ScoreRow
from lookup_service.score_metrics import ScoreMetrics
from lookup_service.scoring.score_log import ScoredRows, ScoreLog


def scored(request_id: str = "r", rows: int = 1) -> ScoredRows:
    return ScoredRows(
        tstamp=1,
        request_id=request_id,
        model="m",
        version="1",
        features_version=None,
        status="ok",
        names=("a",),
        inputs=[[0.5]] * rows,
        scores=[0.25] * rows,
        fallbacks=[[]] * rows,
        asked=[ScoreRow(browser="b1")] * rows,
    )


def opened(path: Path, registry: CollectorRegistry, **changes: object) -> ScoreLog:
    limits: dict[str, object] = {"most_bytes": 10**9, "files": 3, "has_ids": False}
    return ScoreLog(path, ScoreMetrics(registry), **(limits | changes))  # type: ignore[arg-type]
