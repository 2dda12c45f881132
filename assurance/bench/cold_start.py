"""How long the job takes to become fast under load: after its first start, and with a backlog after an outage.

The producer sends on all the time. The first start is that of a new job in new JVMs: nothing is compiled and nothing is
cached, and it reads what is sent from then on. For the outage the task manager is killed; a new one starts later and
Flink restores the job from its checkpoint, with all that was sent meanwhile as its backlog.
"""

import time
from dataclasses import dataclass

from rich.table import Table

from assurance.bench.backlog import raw_records
from assurance.bench.bench_stack import bench_stack, start_job
from assurance.bench.cache_hits import CacheHits, HitShare, first_reaching
from assurance.bench.latency_windows import (
    Seen,
    Window,
    first_below_s,
    last_above_s,
    recovery_s,
    steady_from_s,
    steady_p99,
    windows,
)
from assurance.bench.open_loop import steady_stream
from assurance.bench.watch import Watch
from assurance.end_to_end.run import OUTPUTS
from deploy.profiles import LATENCY
from local_stack.stack import LocalStack

FACTOR = 1.5
WARM_HITS = 0.9
DRAINED_MS = 1_000
"""A backlog is drained when the median of what becomes visible is younger than this and an interval."""
_WINDOW_S = 1.0
_RUNNING_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """Seconds are from the moment at which all of the job runs; None: not within the time that was measured."""

    name: str
    sent_per_s: float
    """Events per second that the producer sent meanwhile; below the rate that was asked for it was the bottleneck."""
    starting_s: float
    """From the submission, or from the start of the new task manager, until all of the job runs."""
    steady_p99_ms: float | None
    """Median of the p99 of the windows in the last third of the time; None if the backlog was not drained by then."""
    recovered_s: float | None
    """Until the read_committed p99 of the windows stays below the factor times the steady one for ten seconds."""
    last_above_s: float | None
    """Until the end of the last window that is not below it, single late ones included."""
    drained_s: float | None
    warm_cache_s: float | None
    """Until nine of ten keys are in the cache."""
    cache_hits: list[HitShare]
    committed_windows: list[Window]


def measure(
    *,
    rate: float,
    interval_ms: int,
    measured_s: float,
    outage_s: float,
    factor: float = FACTOR,
    full_jit: bool = LATENCY.full_jit,
) -> list[Recovery]:
    """The first start, then the outage, each followed for ``measured_s`` seconds."""
    with (
        bench_stack(interval_ms, full_jit=full_jit) as stack,
        steady_stream(stack, rate, seed=1),
        Watch(stack.bootstrap_servers, OUTPUTS, "read_committed") as committed,
    ):
        began = time.monotonic()
        job_id = start_job(stack, "cold-start", interval_ms)
        first = _follow(stack, job_id, time.monotonic() - began, measured_s)
        stack.flink.kill_taskmanager(0)
        time.sleep(outage_s)
        began = time.monotonic()
        stack.flink.add_taskmanager()
        stack.flink.rest.wait_running(job_id, _RUNNING_S)
        second = _follow(stack, job_id, time.monotonic() - began, measured_s)
        seen = committed.stop()
    return [
        _recovery("first start", first, seen, interval_ms, factor),
        _recovery(f"after {outage_s:g} s without a task manager", second, seen, interval_ms, factor),
    ]


def table(found: list[Recovery]) -> Table:
    columns = ("sent/s", "until it runs", "recovered", "last window above", "drained", "90% hits", "steady p99, ms")
    shown = Table("start", *columns)
    for each in found:
        seconds = (each.starting_s, each.recovered_s, each.last_above_s, each.drained_s, each.warm_cache_s)
        shown.add_row(each.name, f"{each.sent_per_s:,.0f}", *map(_text, (*seconds, each.steady_p99_ms)))
    shown.caption = "seconds from the moment at which the job runs; -: not within the time that was measured"
    return shown


@dataclass(frozen=True)
class _Followed:
    """One start: times are ns since 1970 UTC."""

    running_ns: int
    until_ns: int
    starting_s: float
    sent_per_s: float
    hits: list[HitShare]


def _follow(stack: LocalStack, job_id: str, starting_s: float, measured_s: float) -> _Followed:
    running_ns, before = time.time_ns(), raw_records(stack)
    hits = CacheHits(stack.flink.rest_url, job_id).follow(measured_s)
    until_ns, sent = time.time_ns(), raw_records(stack) - before
    return _Followed(running_ns, until_ns, starting_s, sent / (until_ns - running_ns) * 1e9, hits)


def _recovery(name: str, followed: _Followed, seen: Seen, interval_ms: int, factor: float) -> Recovery:
    # Records become visible once in an interval: a shorter window would be empty now and then.
    width_s = max(_WINDOW_S, 2 * interval_ms / 1000)
    recorded = windows(seen, followed.running_ns, followed.until_ns, width_s)
    drained = first_below_s(recorded, DRAINED_MS + interval_ms)
    # While a backlog drains, the latency is its age and nothing is steady.
    steady = None if drained is None or drained > steady_from_s(recorded) else steady_p99(recorded)
    limit = None if steady is None else factor * steady
    return Recovery(
        name=name,
        sent_per_s=followed.sent_per_s,
        starting_s=round(followed.starting_s, 2),
        steady_p99_ms=steady,
        recovered_s=None if limit is None else recovery_s(recorded, limit),
        last_above_s=None if limit is None else last_above_s(recorded, limit),
        drained_s=drained,
        warm_cache_s=first_reaching(followed.hits, WARM_HITS),
        cache_hits=followed.hits,
        committed_windows=recorded,
    )


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
