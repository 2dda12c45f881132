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

from assurance.bench.http_load import closed_loop, open_loop, percentile
from assurance.bench.lookups import http_request, running, uvloop_runner
from contracts.lookup_api.features import redis_key
from contracts.lookup_api.scores import PATH, ScoreRequest, ScoreRow
from core.features.contributions import Contributions
from core.features.declarations.load import load_features
from core.features.model import DAY_MS, EntityName, FeatureSet
from core.features.source_events import BehaviourEvent
from core.features.state import EntityState, add
from core.features.stored import encode_entity
from deploy.paths import PROJECT
from local_stack.processes.ports import HOST
from lookup_service.clock import now_ms

RATE = 200.0
SECONDS = 10.0
MODEL = "listing_recommendation"
MODELS = PROJECT / "deploy" / "models"
FEATURES = PROJECT / "deploy" / "features.yaml"
CANDIDATES = 20
"""Listings that one request ranks for a browser."""
BROWSERS, LISTINGS = 500, 2_000
EVENTS = 60
"""Of each browser on average, over two days, the newest a moment ago."""
DAYS_MS = 2 * DAY_MS
_NAMES = ("listing_view", "listing_view", "listing_view", "page_view", "search", "like", "add_to_cart", "order")
_ENTITIES: tuple[EntityName, ...] = ("browser", "listing")


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
    settings = {"LOOKUP_FEATURES_PATH": str(FEATURES), "LOOKUP_MODELS_PATH": str(models)}
    with TemporaryDirectory() as folder, running(Path(folder), settings=settings) as (_, port, redis_url):
        states = _states(now_ms())
        with RedisClient.from_url(redis_url) as redis:
            for start in range(0, len(states), 500):
                redis.mset(dict(states[start : start + 500]))
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


def _states(now: int) -> list[tuple[str, bytes]]:
    """Redis's key → an entity's state, of the browsers and the listings."""
    features = load_features(FEATURES.read_text(encoding="utf-8"))
    assert isinstance(features, FeatureSet), features
    contributions = Contributions(features, "behaviour", _ENTITIES)
    states: dict[tuple[EntityName, str], EntityState] = {}
    for event in _events(now):
        for entity, entity_id, told in contributions.of(event):
            state = states.setdefault((entity, entity_id), EntityState())
            add(state, event.derived_tstamp, told)
            if entity == "browser":
                state.session_start = max(state.session_start, now - DAY_MS // 24)
                state.session_end = event.derived_tstamp
    return [(redis_key(entity, entity_id), encode_entity(state, now)) for (entity, entity_id), state in states.items()]


def _events(now: int) -> list[BehaviourEvent]:
    chosen = random.Random(1)
    times = sorted(now - int(DAYS_MS * chosen.random() ** 3) for _ in range(BROWSERS * EVENTS))
    return [_event(number, at, chosen) for number, at in enumerate(times)]


def _event(number: int, at: int, chosen: random.Random) -> BehaviourEvent:
    listing = int(LISTINGS * chosen.random() ** 2)
    name = chosen.choice(_NAMES)
    return BehaviourEvent(
        event_id=str(number),
        event_name=name,
        collector_tstamp=at,
        derived_tstamp=at,
        domain_userid=f"b{chosen.randrange(BROWSERS)}",
        listing_id=None if name in ("page_view", "search") else f"l{listing}",
        price=5.0 + listing % 700,
        category=f"category-{listing % 12}",
        brand=f"brand-{listing % 60}",
        search_terms=f"terms {listing % 300}" if name == "search" else None,
    )


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
