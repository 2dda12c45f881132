"""``POST /v1/score/listing_recommendation``: one worker on one core, the load generator on another, states of realistic
size in Redis, and the shipped model.
"""

import random
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import msgspec
from redis import Redis as RedisClient

from assurance.bench.features_read import BROWSERS, LISTINGS, states_of
from assurance.bench.http_load import closed_loop, open_loop, percentile
from assurance.bench.lookups import http_request, running, uvloop_runner
from contracts.lookup_api.features import redis_key
from contracts.lookup_api.scores import PATH, ScoreRequest, ScoreRow
from deploy.features.file import read_features
from deploy.paths import FEATURES_FILE, PROJECT
from local_stack.processes.ports import HOST

RATE = 200.0
SECONDS = 10.0
MODEL = "listing_recommendation"
MODELS = PROJECT / "deploy" / "models"
CANDIDATES = 20
"""Listings that one request ranks for a browser."""


class ScoreFigures(msgspec.Struct, frozen=True, kw_only=True):
    one_row_p50_ms: float
    one_row_p99_ms: float
    candidates_p50_ms: float
    candidates_p99_ms: float
    """Of requests with ``CANDIDATES`` rows. All at ``RATE`` requests per second."""
    candidates_per_s: float
    """Requests with ``CANDIDATES`` rows per second of eight connections, each with its next one after each answer."""
    model_mean_ms: float
    """Of a run of the model, of all requests."""
    answers: dict[str, int]
    """Outcome → requests. ``late`` and ``fallback``: the machine was too busy, and the figures are worth nothing."""
    entities: dict[str, int]
    """Status of the entities that were read."""


def measure(seconds: float = SECONDS, models: Path = MODELS) -> ScoreFigures:
    settings = {"LOOKUP_FEATURES_PATH": str(FEATURES_FILE), "LOOKUP_MODELS_PATH": str(models)}
    with TemporaryDirectory() as folder, running(Path(folder), settings=settings) as (_, port, redis_url):
        states = states_of(read_features())
        with RedisClient.from_url(redis_url) as redis:
            redis.mset({redis_key(entity, each): value for (entity, each), value in states.items()})
        one, many = _requests(1), _requests(CANDIDATES)
        with uvloop_runner() as runner:
            runner.run(closed_loop(port, many, connections=4, seconds=2))
            single = runner.run(open_loop(port, one, rate=RATE, seconds=seconds))
            candidates = runner.run(open_loop(port, many, rate=RATE, seconds=seconds))
            per_s = runner.run(closed_loop(port, many, connections=8, seconds=seconds / 2))
        metrics = httpx.get(f"http://{HOST}:{port}/metrics", trust_env=False).text
    return ScoreFigures(
        one_row_p50_ms=percentile(single, 0.5),
        one_row_p99_ms=percentile(single, 0.99),
        candidates_p50_ms=percentile(candidates, 0.5),
        candidates_p99_ms=percentile(candidates, 0.99),
        candidates_per_s=per_s,
        model_mean_ms=_model_mean_ms(metrics),
        answers=_counts(metrics, r'lookup_score_requests_total\{model="\w+",outcome="(\w+)"\}'),
        entities=_counts(metrics, r'lookup_score_entities_total\{status="(\w+)"\}'),
    )


def _counts(metrics: str, pattern: str) -> dict[str, int]:
    return {name: int(float(count)) for name, count in re.findall(rf"^{pattern} ([\d.e+]+)", metrics, re.MULTILINE)}


def _model_mean_ms(metrics: str) -> float:
    total, count = (
        float(re.findall(rf"^lookup_score_model_seconds_{part}\{{.*?\}} ([\d.e+-]+)", metrics, re.MULTILINE)[0])
        for part in ("sum", "count")
    )
    return 1000 * total / count


def _requests(rows: int) -> list[bytes]:
    chosen = random.Random(2)
    return [
        http_request(
            "POST",
            f"{PATH}/{MODEL}",
            msgspec.json.encode(
                ScoreRequest(
                    rows=[
                        ScoreRow(browser=browser, listing=f"l{listing}")
                        for listing in chosen.sample(range(LISTINGS), rows)
                    ]
                )
            ),
        )
        for browser in (f"b{chosen.randrange(BROWSERS)}" for _ in range(2_000))
    ]


if __name__ == "__main__":
    figures = measure(float(sys.argv[1]) if sys.argv[1:] else SECONDS, Path(sys.argv[2]) if sys.argv[2:] else MODELS)
    print(msgspec.json.format(msgspec.json.encode(figures)).decode())
