"""What the behaviour job costs, beside a keyed pass-through that only parses: one after the other on one stack.

The backlog is made of enriched events, so that no other job takes part. Each measurement reads it anew.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from time import monotonic, sleep

import msgspec
import psutil
from confluent_kafka import Producer
from rich.table import Table

from assurance.end_to_end.options import ReplayOptions
from assurance.end_to_end.run import stack_options
from common.flink.property_groups import Groups, changed
from common.kafka.topic_reader import end_offsets
from contracts.fixed_topics import SESSIONIZED
from contracts.topics import BEHAVIOUR_EVENTS
from deploy.jobs import BEHAVIOUR as JOB
from deploy.paths import STACK
from deploy.profiles import THROUGHPUT, Profile, StateBackend
from local_stack.jobs import submit
from local_stack.stack import LocalStack

_PASS_THROUGH = Path(__file__).with_name("keyed_pass_through_job.py")
_START = 1_790_000_000_000
_NAMES = ("page_view", "page_view", "listing_view", "listing_view", "search", "like", "add_to_cart", "order")
_OF_LISTINGS = frozenset({"listing_view", "like", "add_to_cart", "order"})
_CATEGORIES = ("furniture", "bikes", "electronics", "fashion", "cars-parts")
_EVENTS, _VISITORS = 500_000, 100_000
_MANY_EVENTS, _MANY_VISITORS = 1_200_000, 1_000_000
_ACTIVE = 3_000
_SIGNED_IN = 3
_MANAGED_MB = 256
_SAMPLE_S = 1.0
_COLD_S = 15.0
_LIMIT_S = 240.0


@dataclass(frozen=True, kw_only=True)
class Variant:
    name: str
    state_backend: StateBackend = "hashmap"
    mirrored: int = 50_000
    parallelism: int = 1
    is_pass_through: bool = False
    properties: Groups = field(default_factory=dict)
    """Of the job, where they differ."""


VARIANTS = (
    Variant(name="pass-through", is_pass_through=True),
    Variant(name="hashmap"),
    Variant(name="RocksDB", state_backend="rocksdb"),
    Variant(name="RocksDB, hardly any mirror", state_backend="rocksdb", mirrored=1),
)


@dataclass(frozen=True, kw_only=True)
class SessionsCost:
    variant: str
    parallelism: int
    events_per_s: float
    """After the first 15 s."""
    cpu_us: float
    """Of all task managers, an event."""
    state_bytes: int
    """Of the last checkpoint, whole."""
    checkpoint_ms: int
    visitors: int


def events(number: int, visitors: int, per_visit: int = 12, seed: int = 1) -> Iterator[tuple[bytes, bytes, int]]:
    """(key, value, time) of enriched events, 2,000 a second of their own time, of visits of ``per_visit`` events on
    average. Some visitors come often, and three of five are signed in.
    """
    rng = Random(seed)
    visits = [_visitor(visitors, rng) for _ in range(_ACTIVE)]
    for each in range(number):
        place = rng.randrange(_ACTIVE)
        if rng.random() < 1 / per_visit:
            visits[place] = _visitor(visitors, rng)
        visitor = visits[place]
        tstamp = _START + each // 2
        name = _NAMES[rng.randrange(len(_NAMES))]
        value: dict[str, object] = {
            "event_id": f"{rng.getrandbits(64):016x}-{each:012x}",
            "event_name": name,
            "platform": "web",
            "etl_version": "1.3.0",
            "collector_tstamp": tstamp,
            "derived_tstamp": tstamp - rng.randrange(100),
            "etl_tstamp": tstamp,
            "domain_userid": f"b9c3f2d4-5e6f-4a1b-8c7d-{visitor:012x}",
            "domain_sessionid": f"5b3a6f5c-8d1e-4f6a-9b2c-{visitor:012x}",
            "app_id": "market-web",
            "page_url": f"https://www.market.example/listings/{rng.randrange(100_000)}",
            "category": _CATEGORIES[visitor % len(_CATEGORIES)],
            "geo_country": "DE",
            "geo_region": "BE",
            "geo_status": "ok",
            "user_agent_device_name": "Pixel 7",
            "user_agent_is_crawler": False,
            "user_agent_status": "ok",
            "refr_medium": "internal",
            "referrer_status": "ok",
            "campaign_status": "missing",
            "listing_category": "furniture",
            "listing_seller_id": "u000000815",
            "listing_status": "ok",
        }
        if visitor % 5 < _SIGNED_IN:
            value["user_id"] = f"u{visitor:09d}"
        if name in _OF_LISTINGS:
            value |= {"listing_id": f"l{int(50_000 * rng.random() ** 2):08d}", "brand": f"brand-{rng.randrange(40)}"}
            value |= {"price": rng.randrange(100, 99_999) / 100, "currency": "EUR"}
        if name == "order":
            value["quantity"] = 1
        elif name == "search":
            value["search_terms"] = f"oak table {rng.randrange(1_000)}"
        yield str(value["domain_userid"]).encode(), msgspec.json.encode(value), tstamp


def _visitor(visitors: int, rng: Random) -> int:
    return int(visitors * rng.random() ** 2)


def fill(stack: LocalStack, number: int, visitors: int, per_visit: int) -> None:
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers, "linger.ms": 20, "compression.type": "lz4"})
    for count, (key, value, tstamp) in enumerate(events(number, visitors, per_visit)):
        while True:
            try:
                producer.produce(BEHAVIOUR_EVENTS.name, value, key, timestamp=tstamp)
                break
            except BufferError:
                producer.poll(0.5)
        if not count % 1_000:
            producer.poll(0)
    assert not producer.flush(60)


def measure(
    number: int,
    visitors: int,
    *,
    variants: Sequence[Variant] = VARIANTS,
    rounds: int = 1,
    parallelism: int = 1,
    per_visit: int = 12,
) -> list[SessionsCost]:
    """Each variant in turn, ``rounds`` times. With the JVM's second compiler, as on the managed service."""
    options = stack_options(ReplayOptions(parallelism=parallelism, full_jit=True))
    # RocksDB's caches and write buffers; the cluster's own default is that of a cluster without it.
    flink = replace(options.flink, managed_memory_mb=_MANAGED_MB)
    with LocalStack(replace(options, run_dir=STACK / "bench", with_lookup=False, flink=flink)) as stack:
        fill(stack, number, visitors, per_visit)
        chosen = [replace(variant, parallelism=parallelism) for variant in variants]
        return measure_on(stack, number, visitors, chosen, rounds, per_visit)


def measure_on(  # noqa: PLR0917  # as fill
    stack: LocalStack, number: int, visitors: int, variants: Sequence[Variant], rounds: int = 1, per_visit: int = 12
) -> list[SessionsCost]:
    """Of a stack that has the backlog."""
    seen = len({key for key, _, _ in events(number, visitors, per_visit)})
    return [
        _measure(stack, variant, number, seen, f"sessions-{turn}-{place}")
        for turn in range(rounds)
        for place, variant in enumerate(variants)
    ]


def measure_all() -> list[list[SessionsCost]]:
    """In turn with the pass-through; both parallelisms; and the state of hundreds of thousands of visitors."""
    backends = tuple(variant for variant in VARIANTS if variant.mirrored > 1)
    return [
        measure(_EVENTS, _VISITORS, rounds=2),
        measure(_EVENTS, _VISITORS, variants=backends, parallelism=2),
        measure(_MANY_EVENTS, _MANY_VISITORS, variants=backends[2:], per_visit=3),
    ]


def _measure(stack: LocalStack, variant: Variant, number: int, visitors: int, name: str) -> SessionsCost:
    changes = {
        "job": {"group.id": name, "mirrored.visitors": str(variant.mirrored)},
        "sink": {"transactional.id.prefix": name},
    }
    profile: Profile = replace(THROUGHPUT, state_backend=variant.state_backend)
    before = _written(stack)
    entry = _PASS_THROUGH if variant.is_pass_through else None
    job_id = submit(
        stack, JOB, changed(changes, variant.properties), entry=entry, profile=profile, parallelism=variant.parallelism
    )
    processes = [psutil.Process(each.pid) for each in stack.flink.taskmanagers]
    samples: list[tuple[float, int, float]] = []
    until = monotonic() + _LIMIT_S
    while monotonic() < until:
        done = _written(stack) - before
        used = sum(times.user + times.system for times in (each.cpu_times() for each in processes))
        samples.append((monotonic(), done, used))
        if done >= number:
            break
        sleep(_SAMPLE_S)
    checkpoints = stack.flink.rest.checkpoints(job_id)
    stack.flink.rest.stop_with_savepoint(job_id, 240)
    began = next((at for at, done, _ in samples if done), samples[-1][0])
    warm = [sample for sample in samples if sample[0] - began >= _COLD_S][:-1] or samples[:-1]
    (from_at, from_done, from_used), (to_at, to_done, to_used) = warm[0], warm[-1]
    return SessionsCost(
        variant=variant.name,
        parallelism=variant.parallelism,
        events_per_s=(to_done - from_done) / max(0.1, to_at - from_at),
        cpu_us=(to_used - from_used) / max(1, to_done - from_done) * 1e6,
        state_bytes=checkpoints.latest_size_bytes or 0,
        checkpoint_ms=checkpoints.latest_duration_ms or 0,
        visitors=visitors,
    )


def _written(stack: LocalStack) -> int:
    return sum(end_offsets(stack.bootstrap_servers, [SESSIONIZED.name]).values())


def table(found: Sequence[SessionsCost]) -> Table:
    shown = Table("job", "tasks", "events/s", "of the pass-through", "µs of CPU/event", "state, MB", "checkpoint, ms")
    floor = 0.0
    for each in found:
        if each.variant == VARIANTS[0].name:
            floor = each.events_per_s
        shown.add_row(
            each.variant,
            str(each.parallelism),
            f"{each.events_per_s:,.0f}",
            f"{each.events_per_s / floor:.2f}" if floor else "",
            f"{each.cpu_us:.0f}",
            f"{each.state_bytes / 1e6:.1f}",
            str(each.checkpoint_ms),
        )
    shown.caption = f"{found[0].visitors:,} visitors" if found else ""
    return shown
