"""Latency of the enrichment job beside that of a pass-through, in one run on one stack, one after the other.

Both have the same rate, checkpoint interval, source and sink settings. The job has all purposes and a generated stream
whose users and listings it finds in its cache nine times of ten. Latency is from the record's sending to its receipt.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

from rich.table import Table

from assurance.bench.backlog import raw_records
from assurance.bench.bench_stack import bench_stack, cpu_times, start_job
from assurance.bench.latency_windows import Window, windows
from assurance.bench.open_loop import steady_stream
from assurance.bench.pass_through_job import TOPIC
from assurance.bench.watch import Watch
from assurance.end_to_end.job_counters import lookups
from assurance.end_to_end.run import OUTPUTS
from assurance.reconciliation.reporting.latency import Percentiles
from assurance.reconciliation.reporting.summary import Lookups
from deploy.profiles import LATENCY
from local_stack.stack import LocalStack

WINDOW_S = 5.0
_REST_S = 2.0
Pipeline = Literal["pass-through", "job"]
PIPELINES: tuple[Pipeline, ...] = ("pass-through", "job")


@dataclass(frozen=True)
class Schedule:
    """``warm_up_s`` seconds under load are not measured, the ``measured_s`` seconds after them are."""

    interval_ms: int
    warm_up_s: float
    measured_s: float


@dataclass(frozen=True, kw_only=True)
class PairLatency:
    """One pipeline at one rate. Percentiles, of records sent after the warm-up, in ms."""

    pipeline: Pipeline
    rate: float
    """Events per second that were asked for."""
    sent_per_s: float
    """Events per second that the producer sent after the warm-up; below the rate it was the bottleneck."""
    interval_ms: int
    read_committed: Percentiles
    read_uncommitted: Percentiles
    cores: dict[str, float]
    """CPU seconds per second of each process, after the warm-up."""
    cache_hit_ratio: float | None
    """After the warm-up; None for the pass-through."""
    committed_windows: list[Window]
    """From the first event on, by the time of receipt, so that the warm-up is in it."""


def measure(
    rates: Sequence[float], schedule: Schedule, *, rounds: int = 1, full_jit: bool = LATENCY.full_jit
) -> list[PairLatency]:
    """For each rate and round the pass-through and then the job."""
    numbers = count(1)
    with bench_stack(schedule.interval_ms, full_jit=full_jit) as stack:
        return [
            _measure(stack, pipeline, rate, schedule, next(numbers))
            for rate in rates
            for _ in range(rounds)
            for pipeline in PIPELINES
        ]


def hit_ratio(before: Lookups, after: Lookups) -> float | None:
    """Share of the keys looked for between the two counts which the cache had; None where there were no keys."""
    keys = after.keys - before.keys
    hits = after.keys * after.cache_hit_ratio - before.keys * before.cache_hit_ratio
    return hits / keys if keys else None


def table(found: Sequence[PairLatency]) -> Table:
    shown = Table("pipeline", "sent/s", "isolation", "p50", "p95", "p99", "max", "p99 ratio", "hits")
    passed: PairLatency | None = None
    for each in found:
        passed = each if each.pipeline == "pass-through" else passed
        for name in ("read_committed", "read_uncommitted"):
            here: Percentiles = getattr(each, name)
            there: float | None = None if passed is None else getattr(passed, name).p99
            ratio = f"{here.p99 / there:.2f}" if here.p99 and there else ""
            hits = "" if each.cache_hit_ratio is None else f"{each.cache_hit_ratio:.1%}"
            values = (here.p50, here.p95, here.p99, here.max)
            isolation = name.removeprefix("read_")
            shown.add_row(each.pipeline, f"{each.sent_per_s:,.0f}", isolation, *map(_ms, values), ratio, hits)
    shown.caption = "ms; p99 ratio: to the pass-through just before; all windows are in figures.json"
    return shown


def _measure(stack: LocalStack, pipeline: Pipeline, rate: float, schedule: Schedule, number: int) -> PairLatency:
    interval_ms = schedule.interval_ms
    is_job = pipeline == "job"
    outputs = OUTPUTS if is_job else [TOPIC]
    job_id = start_job(stack, f"pair-{number}", interval_ms, pass_through=not is_job)
    servers = stack.bootstrap_servers
    with Watch(servers, outputs, "read_committed") as committed, Watch(servers, outputs, "read_uncommitted") as early:
        with steady_stream(stack, rate, seed=number):
            began_ns = time.time_ns()
            time.sleep(schedule.warm_up_s)
            counted = lookups(stack.flink.rest_url, job_id) if is_job else None
            warm_ns, warm, before = time.time_ns(), cpu_times(stack), raw_records(stack)
            time.sleep(schedule.measured_s)
            ended_ns, cores, sent = time.time_ns(), warm.cores_until(cpu_times(stack)), raw_records(stack) - before
            hits = None if counted is None else hit_ratio(counted, lookups(stack.flink.rest_url, job_id))
        time.sleep(_REST_S + 2 * interval_ms / 1000)  # until the last of it is committed
        seen, seen_early = committed.stop(), early.stop()
    stack.flink.rest.stop_with_savepoint(job_id)
    return PairLatency(
        pipeline=pipeline,
        rate=rate,
        sent_per_s=sent / (ended_ns - warm_ns) * 1e9,
        interval_ms=interval_ms,
        read_committed=seen.sent_between(warm_ns, ended_ns),
        read_uncommitted=seen_early.sent_between(warm_ns, ended_ns),
        cores=cores,
        cache_hit_ratio=hits,
        committed_windows=windows(seen, began_ns, ended_ns, WINDOW_S),
    )


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"
