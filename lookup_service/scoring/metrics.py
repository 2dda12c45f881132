"""Metrics of scores. Labels are names of models, versions and inputs, which files declare, never of a request."""

from collections import Counter as Counts
from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from contracts.lookup_api.scores import Runtime, Status
from core.scoring.model_file import AnyModel, OnnxModel, SageMakerModel

BUCKETS_S: Final = (0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.025, 0.035, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
Outcome: TypeAlias = Status | Literal["late", "failed"]


class ScoreMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter("lookup_score_requests", "Scores asked for.", ["model", "outcome"], registry=registry)
        self._rows = Counter("lookup_score_rows", "Rows scored.", ["model"], registry=registry)
        self._seconds = Histogram(
            "lookup_score_seconds", "From receipt to scores.", ["model"], buckets=BUCKETS_S, registry=registry
        )
        self._model_seconds = Histogram(
            "lookup_score_model_seconds", "The model alone.", ["model"], buckets=BUCKETS_S, registry=registry
        )
        self._fallbacks = Counter(
            "lookup_score_fallbacks", "Inputs that were not known.", ["model", "input"], registry=registry
        )
        self._inferences = Counter(
            "lookup_inferences", "Requests of the Open Inference Protocol.", ["model", "code"], registry=registry
        )
        self._in_use = Gauge(
            "lookup_model_in_use",
            "1: the version in use; 0: it was.",
            ["model", "version", "runtime"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._refused = Gauge(
            "lookup_model_refused",
            "1: the newest version in the folder cannot be used.",
            ["model"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._logged = Counter(
            "lookup_score_log_rows", "Rows for the score log, by outcome.", ["outcome"], registry=registry
        )

    def record_scores(self, model: str, status: Status, fallbacks: Sequence[Iterable[str]], *, seconds: float) -> None:
        self._requests.labels(model, status).inc()
        self._rows.labels(model).inc(len(fallbacks))
        self._seconds.labels(model).observe(seconds)
        for name, count in Counts(name for row in fallbacks for name in row).items():
            self._fallbacks.labels(model, name).inc(count)

    def record_no_scores(self, model: str, outcome: Outcome, *, seconds: float) -> None:
        self._requests.labels(model, outcome).inc()
        self._seconds.labels(model).observe(seconds)

    def record_run(self, model: str, *, seconds: float) -> None:
        self._model_seconds.labels(model).observe(seconds)

    def record_inference(self, model: str, code: int) -> None:
        """:param model: one that is in use; empty for a request that names none."""
        self._inferences.labels(model, str(code)).inc()

    def record_logged(self, outcome: Literal["written", "dropped"], rows: int) -> None:
        self._logged.labels(outcome).inc(rows)

    def observe_model(
        self, name: str, *, before: AnyModel | None, now: AnyModel | None, is_refused: bool
    ) -> None:
        for file, value in ((before, 0), (now, 1)):
            if file is not None:
                self._in_use.labels(name, file.version, runtime_of(file)).set(value)
        self._refused.labels(name).set(is_refused)


def runtime_of(file: AnyModel) -> Runtime:
    if isinstance(file, OnnxModel):
        return "onnx"
    return "sagemaker" if isinstance(file, SageMakerModel) else "open_inference"
