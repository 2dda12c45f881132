"""Reading features: one worker on one core, the load generator on another, states of realistic size in Redis."""

import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import msgspec
import psutil
from redis import Redis as RedisClient

from assurance.bench.http_load import open_loop, percentile
from assurance.bench.lookups import http_request, running, uvloop_runner
from contracts.lookup_api import feast
from contracts.lookup_api.features import PATH, FeatureRequest, redis_key
from core.features.contributions import Contributions
from core.features.model import EntityName, FeatureSet
from core.features.source_events import BehaviourEvent
from core.features.state import EntityState, add
from core.features.stored import encode_entity
from deploy.features.file import read_features
from deploy.paths import FEATURES_FILE
from local_stack.processes.ports import HOST
from local_stack.processes.process import ManagedProcess
from lookup_service.clock import now_ms

ONE_RATE, MANY_RATE = 500.0, 20.0
SECONDS = 10.0
NAMES, IDS = 20, 100
BROWSERS, LISTINGS = 1_000, 1_000
EVENTS = 60_000
"""Over a week: about 60 of each browser and of each listing; some have many times as many."""
SETTINGS = {
    "LOOKUP_FEATURES_PATH": str(FEATURES_FILE),
    "LOOKUP_REDIS_TIMEOUT_MS": "5000",
    "LOOKUP_MAX_CONCURRENCY": "10000",
}
"""A busy machine makes the figures worse, and not answers other than 200."""
WEEK_MS = 7 * 24 * 3_600_000
KINDS = ("listing_view", "listing_view", "listing_view", "search", "like", "add_to_cart", "order")


class Latency(msgspec.Struct, frozen=True):
    what: str
    per_s: float
    """Requests."""
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    """Of the worker, for each request: what a busy machine changes least."""


class FeatureFigures(msgspec.Struct, frozen=True, kw_only=True):
    reads: list[Latency]
    answers: dict[str, int]
    """Status → ids. Any but ``ok``: the figures are worth nothing."""
    state_bytes_p50: Mapping[str, float]
    state_bytes_p99: Mapping[str, float]
    """Entity → bytes of its states in Redis."""


def measure(seconds: float = SECONDS) -> FeatureFigures:
    """Each read is printed as soon as it is measured."""
    features = read_features()
    states = states_of(features)
    reads = []
    with TemporaryDirectory() as folder, running(Path(folder), settings=SETTINGS) as service:
        worker, port, redis_url = service
        with RedisClient.from_url(redis_url) as redis:
            redis.mset({redis_key(entity, each): value for (entity, each), value in states.items()})
        for what, rate, requests in _requests(features, states):
            reads.append(_latency(what, (worker, port), requests, rate, seconds))
            print(f"features, {what}: {msgspec.to_builtins(reads[-1])}", flush=True)
        answers = _answers(port)
    sizes: dict[str, list[int]] = {}
    for (entity, _), value in states.items():
        sizes.setdefault(entity, []).append(len(value))
    return FeatureFigures(
        reads=reads,
        answers=answers,
        state_bytes_p50={entity: percentile(sorted(each), 0.5) for entity, each in sizes.items()},
        state_bytes_p99={entity: percentile(sorted(each), 0.99) for entity, each in sizes.items()},
    )


def _latency(
    what: str, service: tuple[ManagedProcess, int], requests: Sequence[bytes], rate: float, seconds: float
) -> Latency:
    worker, port = service
    with uvloop_runner() as runner:
        runner.run(open_loop(port, requests, rate=rate / 10, seconds=2))
        before = _cpu_s(worker)
        latencies = runner.run(open_loop(port, requests, rate=rate, seconds=seconds))
        cpu_ms = (_cpu_s(worker) - before) * 1000 / len(latencies)
    return Latency(what, rate, percentile(latencies, 0.5), percentile(latencies, 0.99), cpu_ms)


def _cpu_s(worker: ManagedProcess) -> float:
    times = psutil.Process(worker.pid).cpu_times()
    return float(times.user + times.system)


def states_of(features: FeatureSet) -> dict[tuple[EntityName, str], bytes]:
    contributions = Contributions(features, "behaviour", ("browser", "listing"))
    states: dict[tuple[EntityName, str], EntityState] = {}
    now = now_ms()
    for event in _events(now):
        for entity, entity_id, told in contributions.of(event):
            state = states.setdefault((entity, entity_id), EntityState())
            add(state, event.derived_tstamp, told)
            if entity == "browser":
                state.session_start = state.session_end = event.derived_tstamp
    return {place: encode_entity(state, now) for place, state in states.items()}


def _events(now: int) -> Iterator[BehaviourEvent]:
    """Some browsers and listings have most of the events. Every browser and listing has one."""
    chosen = random.Random(1)
    for number in range(EVENTS):
        at = now - WEEK_MS + number * WEEK_MS // EVENTS
        is_first = number < max(BROWSERS, LISTINGS)
        listing = number % LISTINGS if is_first else int(chosen.random() ** 2 * LISTINGS)
        yield BehaviourEvent(
            event_id=str(number),
            event_name="listing_view" if is_first else chosen.choice(KINDS),
            collector_tstamp=at,
            derived_tstamp=at,
            domain_userid=f"b{number % BROWSERS if is_first else int(chosen.random() ** 2 * BROWSERS)}",
            listing_id=f"l{listing}",
            category=f"c{listing % 40}",
            brand=f"brand{listing % 60}",
            price=listing % 300 + 0.5,
            search_terms=f"words {chosen.randrange(200)}",
        )


def _requests(
    features: FeatureSet, states: Mapping[tuple[EntityName, str], bytes]
) -> Iterator[tuple[str, float, Sequence[bytes]]]:
    """What is read, requests/s, and the requests in turn."""
    chosen = random.Random(2)
    ids = {name: [each for entity, each in states if entity == name] for name in ("browser", "listing")}
    names = _names(features, "browser")
    query = ",".join(names)
    yield (
        f"{len(names)} of one browser",
        ONE_RATE,
        [
            http_request("GET", f"{PATH}/browser/{each}?names={query}", b"")
            for each in chosen.sample(ids["browser"], 500)
        ],
    )
    for entity in ("listing", "browser"):
        names = _names(features, entity)
        bodies = [FeatureRequest(chosen.sample(ids[entity], IDS), names) for _ in range(200)]
        yield (
            f"{len(names)} of each of {IDS} {entity}s",
            MANY_RATE,
            [http_request("POST", f"{PATH}/{entity}", msgspec.json.encode(body)) for body in bodies],
        )
    asked = [name.replace("__", ":", 1) for name in _names(features, "listing")]
    bodies_of_feast = [
        feast.OnlineFeaturesRequest(entities={"listing_id": [*chosen.sample(ids["listing"], IDS)]}, features=asked)
        for _ in range(200)
    ]
    yield (
        f"{len(asked)} of each of {IDS} listings by Feast's protocol",
        MANY_RATE,
        [http_request("POST", feast.PATH, msgspec.json.encode(body)) for body in bodies_of_feast],
    )


def _names(features: FeatureSet, entity: str) -> list[str]:
    """Twenty, or all where there are fewer."""
    found = [name for name, (feature, _) in features.by_value_name.items() if feature.entity == entity]
    return found[:NAMES]


def _answers(port: int) -> dict[str, int]:
    text = httpx.get(f"http://{HOST}:{port}/metrics", trust_env=False).text
    found = re.findall(r'^lookup_features_total\{status="(\w+)"\} ([\d.e+]+)', text, re.MULTILINE)
    return {status: int(float(count)) for status, count in found}


if __name__ == "__main__":
    print(msgspec.json.format(msgspec.json.encode(measure(float(sys.argv[1]) if sys.argv[1:] else SECONDS))).decode())
