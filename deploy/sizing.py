"""From events a second to brokers, KPUs, tasks and cache nodes: ``python -m deploy.sizing --peak 28000``.

Arithmetic over two typed tables: what one core was measured to do, and what the platform's units are. Replace the first
with the results of your own ``make bench``. Figures that were not measured say so.
"""

import math
from dataclasses import dataclass
from typing import Annotated

import typer

SECONDS_A_DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class Load:
    """The events to be processed."""

    peak_events_s: float
    daily_events: float
    keys_per_event: float = 3.0
    """Address, user, listing."""
    cache_hit_ratio: float = 0.95
    """Of the job's own cache. It is lower after a cold start; ``headroom`` and the deadline have to cover that."""
    raw_bytes: float = 1_060
    enriched_bytes: float = 1_500
    purposes: int = 1
    """Enriched topics; each takes every event."""
    compression: float = 1.0
    """Bytes on the wire and on disk for one byte of JSON; 1 is none. LZ4 makes it about a third."""


@dataclass(frozen=True, kw_only=True)
class PerCore:
    """What one core does, measured (docs/measurements.md)."""

    job_events_s: float = 23_000
    """One core for a task manager, cache warm, exactly-once, checkpoints of 1 s: 43 µs of processor time an event."""
    job_misses_s: float = 8_200
    """The same with nothing in the cache: 122 µs."""
    lookup_keys_s: float = 50_000
    """One worker that reads every key from the slowest source, the city database: 20 µs. From its memory: 450,000."""
    redis_keys_s: float = 100_000
    """Keys of an MGET of 50. Not measured here, but common for a small node."""


@dataclass(frozen=True, kw_only=True)
class Units:
    """The platform's units and how full they may be."""

    headroom: float = 0.6
    """Share of a core, broker or node that the peak may use. The rest is for catching up, deployments and the loss of a
    zone."""
    zones: int = 3
    replication: int = 3
    broker_type: str = "kafka.m7g.xlarge"
    broker_vcpus: int = 4
    broker_ingress_mb_s: float = 60.0
    """What producers may write to one broker, without replication. Not measured here."""
    retention_days: float = 3.0
    """Of the raw topic."""
    enriched_retention_days: float = 7.0
    disk_full: float = 0.7
    broker_largest_disk_gb: float = 16_384
    task_vcpus: float = 1.0
    task_memory_mb: int = 2_048
    cache_node: str = "cache.m7g.large"
    largest_parallelism: int = 128
    """Flink's default number of key groups: state cannot be distributed over more tasks."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """What to deploy."""

    parallelism: int
    kpus: int
    """As billed: one KPU for each task manager, and one for the service's orchestration."""
    partitions: int
    brokers: int
    broker_type: str
    broker_disk_gb: int
    """Of each broker."""
    lookup_tasks: int
    task_vcpus: float
    task_memory_mb: int
    cache_shards: int
    cache_nodes: int
    """Every shard once per zone, at most three times."""
    cache_node: str


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What is billed by volume."""

    kafka_in_mb_s: float
    """At the peak, all topics, without replication."""
    kafka_in_gb_day: float
    cross_zone_gb_day: float
    """Traffic of producers and consumers in another zone than the partition's leader. MSK does not bill replication."""
    stored_gb: float
    """All topics, all copies."""
    lookup_keys_s: float


def size(load: Load, core: PerCore | None = None, units: Units | None = None) -> Size:
    """The smallest deployment that carries the peak with its headroom and survives the loss of one zone."""
    core, units = core or PerCore(), units or Units()
    hits = load.cache_hit_ratio
    # An event with one missed key or more counts with the higher cost.
    misses = 1 - hits**load.keys_per_event
    seconds_per_event = (1 - misses) / core.job_events_s + misses / core.job_misses_s
    parallelism = _units(load.peak_events_s * seconds_per_event, units.headroom)
    traffic = volumes(load, units)
    disk_gb = traffic.stored_gb / units.disk_full
    brokers = max(
        _per_zone(_units(traffic.kafka_in_mb_s / units.broker_ingress_mb_s, units.headroom), units.zones),
        math.ceil(disk_gb / units.broker_largest_disk_gb / units.zones) * units.zones,
    )
    tasks = _per_zone(_units(traffic.lookup_keys_s / core.lookup_keys_s, units.headroom), units.zones)
    shards = _units(traffic.lookup_keys_s / core.redis_keys_s, units.headroom)
    return Size(
        parallelism=min(parallelism, units.largest_parallelism),
        kpus=min(parallelism, units.largest_parallelism) + 1,
        partitions=_partitions(parallelism, brokers),
        brokers=brokers,
        broker_type=units.broker_type,
        broker_disk_gb=min(math.ceil(disk_gb / brokers / 50) * 50, int(units.broker_largest_disk_gb)),
        lookup_tasks=tasks,
        task_vcpus=units.task_vcpus,
        task_memory_mb=units.task_memory_mb,
        cache_shards=shards,
        cache_nodes=shards * min(units.zones, 3),
        cache_node=units.cache_node,
    )


def volumes(load: Load, units: Units | None = None) -> Traffic:
    """Bytes and keys at this load."""
    units = units or Units()
    raw, enriched = load.raw_bytes * load.compression, load.enriched_bytes * load.purposes * load.compression
    in_gb_day = load.daily_events * (raw + enriched) / 1e9
    kept = load.daily_events * (raw * units.retention_days + enriched * units.enriched_retention_days) / 1e9
    # Written once and read once (raw by the job, enriched by one consumer). With three zones, two thirds cross zones.
    crossing = 2 * in_gb_day * (units.zones - 1) / units.zones
    return Traffic(
        kafka_in_mb_s=load.peak_events_s * (raw + enriched) / 1e6,
        kafka_in_gb_day=in_gb_day,
        cross_zone_gb_day=crossing,
        stored_gb=kept * units.replication,
        lookup_keys_s=load.peak_events_s * load.keys_per_event * (1 - load.cache_hit_ratio),
    )


BILLION_A_DAY = Load(peak_events_s=28_000, daily_events=1e9)


def table(load: Load, core: PerCore | None = None, units: Units | None = None) -> str:
    """The sizes and volumes as a Markdown table, as in ``docs/operations/sizing.md``."""
    found, traffic = size(load, core, units), volumes(load, units)
    rows = [
        ("Managed Flink", f"parallelism {found.parallelism}, {found.kpus} KPUs", "KPU hours, running snapshots' GB"),
        (
            "MSK",
            f"{found.brokers} x {found.broker_type}, {found.broker_disk_gb:,} GB each, {found.partitions} partitions",
            f"broker hours, {traffic.stored_gb:,.0f} GB stored, {traffic.cross_zone_gb_day:,.0f} GB a day across zones",
        ),
        (
            "Lookup service (Fargate)",
            f"{found.lookup_tasks} tasks of {found.task_vcpus:g} vCPU, {found.task_memory_mb:,} MB",
            f"vCPU hours; {traffic.lookup_keys_s:,.0f} keys/s at the peak",
        ),
        (
            "ElastiCache",
            f"shards: {found.cache_shards}, {found.cache_nodes} x {found.cache_node}",
            "node hours",
        ),
    ]
    lines = ["| part | size | cost drivers |", "| --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _units(needed: float, headroom: float) -> int:
    return max(1, math.ceil(needed / headroom))


def _per_zone(units: int, zones: int) -> int:
    """The same number in each zone, enough for everything when one zone is lost, and at least one in each."""
    return max(1, math.ceil(units / max(1, zones - 1))) * zones


def _partitions(parallelism: int, brokers: int) -> int:
    """At least two for each task, so that further tasks find work, and the same number on each broker."""
    return math.ceil(2 * parallelism / brokers) * brokers


def main(  # noqa: PLR0917 - the options of a command line
    peak: Annotated[float, typer.Option(min=1, help="Events a second at the peak")] = BILLION_A_DAY.peak_events_s,
    daily: Annotated[float, typer.Option(min=1, help="Events a day")] = BILLION_A_DAY.daily_events,
    hit_ratio: Annotated[float, typer.Option(min=0, max=1, help="Of the job's cache")] = BILLION_A_DAY.cache_hit_ratio,
    job_events: Annotated[float, typer.Option(min=1, help="Events/s of one core, cache warm")] = PerCore.job_events_s,
    job_misses: Annotated[float, typer.Option(min=1, help="Events/s of one core, all misses")] = PerCore.job_misses_s,
    lookup_keys: Annotated[float, typer.Option(min=1, help="Keys/s of one lookup worker")] = PerCore.lookup_keys_s,
    compression: Annotated[float, typer.Option(min=0.01, max=1, help="Bytes for a byte of JSON")] = 1.0,
) -> None:
    """Print the sizing table for a load and measured figures."""
    load = Load(peak_events_s=peak, daily_events=daily, cache_hit_ratio=hit_ratio, compression=compression)
    core = PerCore(job_events_s=job_events, job_misses_s=job_misses, lookup_keys_s=lookup_keys)
    print(table(load, core))


if __name__ == "__main__":
    typer.run(main)
