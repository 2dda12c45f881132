"""Features: how long after an event its state can be read, what they cost the behaviour job, and how large states are.

A probe is an event of a browser that nobody has seen before. It is visible to the job when it is produced, for nothing
is in a transaction; the clock stops when Redis has the browser's state. One thread asks for all probes under way, as
fast as Redis answers.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Any

import msgspec
import redis
from confluent_kafka import Producer
from rich.table import Table

from assurance.bench.sessions import VARIANTS, SessionsCost, Variant, events, fill
from assurance.bench.sessions import measure_on as measure_cost_on
from assurance.end_to_end.options import ReplayOptions
from assurance.end_to_end.run import stack_options
from assurance.reconciliation.reporting.latency import Percentiles, percentiles
from contracts.lookup_api.features import redis_key
from contracts.topics import BEHAVIOUR_EVENTS
from deploy.jobs import BEHAVIOUR
from deploy.paths import STACK
from deploy.profiles import BEHAVIOUR_PRODUCTION, THROUGHPUT, Profile
from local_stack.jobs import submit
from local_stack.stack import LocalStack

_PROBES_PER_S = 50
_PAUSE_S = 0.001
_PAUSE_BETWEEN_S = 10.0
_PRODUCER = {"linger.ms": 5, "compression.type": "lz4"}
"""The time that a record lingers counts. With 2 ms the requests alone took a tenth of a core more."""
_MANAGED_MB = 256
_BACKLOG, _VISITORS = 200_000, 20_000
_SAMPLED = 2_000
_NO_FEATURES = {"features": {"path": "", "redis.url": ""}}
_NO_STORE = {"features": {"redis.url": ""}}
FRESHNESS: tuple[Profile, ...] = (
    replace(THROUGHPUT, serves="heap, checkpoints every 10 s", checkpoint_interval_ms=10_000, full_jit=True),
    replace(BEHAVIOUR_PRODUCTION, serves="RocksDB, checkpoints every second", full_jit=True),
)
"""The heap's state is written whole at each checkpoint. Both with the JVM's second compiler, as where a job runs for
days."""
COSTS: tuple[Variant, ...] = (
    replace(VARIANTS[1], name="sessions alone", properties=_NO_FEATURES),
    replace(VARIANTS[1], name="with features, no store", properties=_NO_STORE),
    replace(VARIANTS[1], name="with features and the store"),
    replace(VARIANTS[2], name="the same, RocksDB"),
)


@dataclass(frozen=True, kw_only=True)
class FeatureFreshness:
    setting: str
    rate: float
    after_event: Percentiles
    """From the event to its state in Redis."""
    lost: int
    """Probes without a state half a minute after the last one."""


@dataclass(frozen=True, kw_only=True)
class FeaturesCost:
    costs: list[SessionsCost]
    redis_bytes: Mapping[str, float]
    """Entity → mean of a key with its value, as Redis counts it."""


class _Probes:
    """Waits for states in a thread of its own."""

    def __init__(self, url: str) -> None:
        self._client: Any = redis.Redis.from_url(url)  # its answers are typed as those of both clients
        self._lock = threading.Lock()
        self._under_way: dict[str, int] = {}
        self.took_ns: list[tuple[int, int]] = []
        """(when the event was sent, how long it took)."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, browser: str) -> None:
        """Just before it is sent."""
        with self._lock:
            self._under_way[redis_key("browser", browser)] = time.time_ns()

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            keys = list(self._under_way)
            found = self._client.exists(*keys) if keys else 0
            if not found:
                time.sleep(_PAUSE_S)
                continue
            values = self._client.mget(keys)
            now = time.time_ns()
            with self._lock:
                for key, value in zip(keys, values, strict=True):
                    if value is not None:
                        sent = self._under_way.pop(key)
                        self.took_ns.append((sent, now - sent))


def freshness(rates: Sequence[float], warm_up_s: float, measured_s: float) -> list[FeatureFreshness]:
    """Of each profile one rate after the other, each time on a new stack, with the behaviour job alone."""
    found: list[FeatureFreshness] = []
    for profile in FRESHNESS:
        options = stack_options(ReplayOptions(checkpoint_interval_ms=profile.checkpoint_interval_ms, full_jit=True))
        flink = replace(options.flink, managed_memory_mb=_MANAGED_MB)
        with LocalStack(replace(options, run_dir=STACK / "bench", flink=flink)) as stack:
            submit(stack, BEHAVIOUR, profile=profile)
            for turn, rate in enumerate(rates):
                warm_s = warm_up_s if turn == 0 else _PAUSE_BETWEEN_S
                found.append(_freshness(stack, profile.serves, rate, warm_s, measured_s, turn))
    return found


def _freshness(  # noqa: PLR0917  # each is one thing that a measurement has
    stack: LocalStack, setting: str, rate: float, warm_up_s: float, measured_s: float, turn: int
) -> FeatureFreshness:
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers, **_PRODUCER})
    probes = _Probes(stack.redis_url)
    began, sent, probed = time.monotonic(), 0, 0
    from_ns = time.time_ns() + round(warm_up_s * 1e9)
    for event in _endless():
        elapsed = time.monotonic() - began
        if elapsed >= warm_up_s + measured_s:
            break
        while sent > (elapsed := time.monotonic() - began) * rate:
            time.sleep(0.0005)
        now = time.time_ns() // 1_000_000
        event |= {"collector_tstamp": now, "derived_tstamp": now, "event_id": f"{turn}-{sent}"}
        if probed < elapsed * _PROBES_PER_S:
            browser = f"probe-{turn}-{probed}"
            event["domain_userid"] = browser
            probed += 1
            probes.add(browser)
        value = msgspec.json.encode(event)
        producer.produce(BEHAVIOUR_EVENTS.name, value, str(event["domain_userid"]).encode(), timestamp=now)
        producer.poll(0)
        sent += 1
    producer.flush(30)
    until = time.monotonic() + 30
    while probes.under_way and time.monotonic() < until:
        time.sleep(0.1)
    lost = probes.under_way
    probes.close()
    took = percentiles(ns for at, ns in probes.took_ns if at >= from_ns)
    return FeatureFreshness(setting=setting, rate=sent / (warm_up_s + measured_s), after_event=took, lost=lost)


def _endless() -> Iterator[dict[str, object]]:
    made = [msgspec.json.decode(value) for _, value, _ in events(20_000, _VISITORS)]
    for event in cycle(made):
        yield dict(event)


def cost(rounds: int = 1) -> FeaturesCost:
    """Each variant reads the same backlog, in turn."""
    options = stack_options(ReplayOptions(full_jit=True))
    flink = replace(options.flink, managed_memory_mb=_MANAGED_MB)
    with LocalStack(replace(options, run_dir=STACK / "bench", flink=flink)) as stack:
        fill(stack, _BACKLOG, _VISITORS, 12)
        costs = measure_cost_on(stack, _BACKLOG, _VISITORS, COSTS, rounds)
        return FeaturesCost(costs=costs, redis_bytes=_redis_bytes(stack.redis_url))


def _redis_bytes(url: str) -> dict[str, float]:
    client: Any = redis.Redis.from_url(url, decode_responses=True)
    try:
        found: dict[str, float] = {}
        for entity in ("browser", "session"):
            keys = list(islice(client.scan_iter(f"features:{entity}:*", 1_000), _SAMPLED))
            sizes = [int(client.memory_usage(key) or 0) for key in keys]
            found[entity] = sum(sizes) / max(1, len(sizes))
        return found
    finally:
        client.close()


def freshness_table(found: Sequence[FeatureFreshness]) -> Table:
    shown = Table("", "events/s", "p50", "p95", "p99", "max", "probes", "lost")
    for each in found:
        p = each.after_event
        times = ("" if ms is None else f"{ms:.1f}" for ms in (p.p50, p.p95, p.p99, p.max))
        shown.add_row(each.setting, f"{each.rate:,.0f}", *times, f"{p.count:,}", str(each.lost))
    shown.caption = "ms from the event to its browser's state in Redis"
    return shown
