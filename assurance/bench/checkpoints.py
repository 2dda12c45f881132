"""Processor time of a checkpoint: cores in use at several intervals, at a low constant rate and without any event.

The work of the events is the same at every interval, so the slope over the number of checkpoints per second is what one
of them costs.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import httpx
from rich.table import Table

from assurance.bench.bench_stack import bench_stack, cpu_times, start_job
from assurance.bench.open_loop import steady_stream
from deploy.profiles import LATENCY
from local_stack.stack import LocalStack

INTERVALS_MS = (50, 100, 200, 1_000)
RATE = 500.0
_SETTLE_S = 5.0
_REMEMBERED = {"web.checkpoints.history": "500"}


@dataclass(frozen=True, kw_only=True)
class CheckpointLoad:
    """One job at one interval. ``rate``: events per second, 0 for none."""

    interval_ms: int
    rate: float
    per_s: float
    """Completed checkpoints per second."""
    mean_ms: float | None
    """Mean duration from the trigger to the last acknowledgement; of the last 500, which Flink is set to remember."""
    cores: dict[str, float]
    """CPU seconds per second of task manager, JobManager and broker."""


def measure(
    intervals_ms: Sequence[int] = INTERVALS_MS,
    *,
    rate: float = RATE,
    warm_up_s: float,
    measured_s: float,
    full_jit: bool = LATENCY.full_jit,
) -> list[CheckpointLoad]:
    """For each interval a new job on the same stack: first with events, then without."""
    with bench_stack(intervals_ms[0], full_jit=full_jit, flink=_REMEMBERED) as stack:
        found: list[CheckpointLoad] = []
        for number, interval_ms in enumerate(intervals_ms):
            job_id = start_job(stack, f"checkpoints-{number}", interval_ms)
            with steady_stream(stack, rate, seed=number + 1):
                time.sleep(warm_up_s)
                found.append(_measure(stack, job_id, interval_ms, rate, measured_s))
            time.sleep(_SETTLE_S)
            found.append(_measure(stack, job_id, interval_ms, 0.0, measured_s))
            stack.flink.rest.stop_with_savepoint(job_id)
        return found


def cost_ms(found: Sequence[CheckpointLoad], process: str) -> float | None:
    """CPU milliseconds of one checkpoint in that process: the slope of the cores in use over checkpoints per second.

    None with fewer than two different numbers of checkpoints.
    """
    per_s = [each.per_s for each in found]
    if len(set(per_s)) < 2:
        return None
    return statistics.linear_regression(per_s, [each.cores[process] for each in found]).slope * 1000


def costs_ms(found: Sequence[CheckpointLoad]) -> Iterator[tuple[float, str, float | None]]:
    """(rate, process, CPU milliseconds of a checkpoint), for each rate that was measured."""
    for rate in sorted({each.rate for each in found}):
        at_rate = [each for each in found if each.rate == rate]
        yield from ((rate, process, cost_ms(at_rate, process)) for process in at_rate[0].cores)


def table(found: Sequence[CheckpointLoad]) -> Table:
    columns = (f"{name}, cores" for name in found[0].cores)
    shown = Table("interval, ms", "events/s", "checkpoints/s", "mean, ms", *columns)
    for each in sorted(found, key=lambda load: (-load.rate, load.interval_ms)):
        mean = "" if each.mean_ms is None else f"{each.mean_ms:.1f}"
        cores = (f"{used:.3f}" for used in each.cores.values())
        shown.add_row(f"{each.interval_ms}", f"{each.rate:g}", f"{each.per_s:.1f}", mean, *cores)
    costs = (f"{process} at {rate:g}/s {cost:.1f}" for rate, process, cost in costs_ms(found) if cost is not None)
    shown.caption = f"CPU ms of a checkpoint: {', '.join(costs)}"
    return shown


def _measure(stack: LocalStack, job_id: str, interval_ms: int, rate: float, measured_s: float) -> CheckpointLoad:
    rest = stack.flink.rest
    before, completed = cpu_times(stack), rest.checkpoints(job_id).completed
    time.sleep(measured_s)
    after, number = cpu_times(stack), rest.checkpoints(job_id).completed - completed
    return CheckpointLoad(
        interval_ms=interval_ms,
        rate=rate,
        per_s=number / (after.at - before.at),
        mean_ms=_mean_ms(stack, job_id, number),
        cores=before.cores_until(after),
    )


def _mean_ms(stack: LocalStack, job_id: str, number: int) -> float | None:
    """Of the last ``number`` completed checkpoints."""
    found = httpx.get(f"{stack.flink.rest_url}/jobs/{job_id}/checkpoints", trust_env=False).raise_for_status().json()
    newest_first = [each["end_to_end_duration"] for each in found["history"] if each["status"] == "COMPLETED"]
    return statistics.fmean(newest_first[:number]) if newest_first[:number] else None
