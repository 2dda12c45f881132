"""Sustained throughput of the job, exactly-once: with a cold cache, a warm cache, and cache misses only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from assurance.bench.backlog import cpu_us, drain, fill, phases, rate
from assurance.end_to_end.job_properties import write_properties
from assurance.end_to_end.options import ReplayOptions
from assurance.end_to_end.run import JOB, stack_options
from common.flink.property_groups import Groups
from deploy.paths import STACK
from deploy.profiles import THROUGHPUT
from local_stack.stack import LocalStack
from producers.synthetic.population import LISTINGS, USERS

COLD_S = 15.0
_RUNNING_S = 90.0


@dataclass(frozen=True)
class Throughput:
    """Events per second, and the task manager's CPU microseconds per event."""

    name: str
    cold: float
    warm: float
    warm_cpu_us: float
    peak_rss_mb: dict[str, float]


ALL_MISSES: Groups = {"lookup": {"cache.ttl.ms": "0", "cache.negative.ttl.ms": "0", "cache.stale.ms": "0"}}


def measure(
    name: str,
    *,
    events: int,
    checkpoint_interval_ms: int,
    limit_s: float,
    users: int = USERS,
    listings: int = LISTINGS,
    changes: Groups | None = None,
    producer_env: Mapping[str, str] | None = None,
    afterwards: Callable[[LocalStack], None] | None = None,
) -> Throughput:
    """Fills a backlog, starts the job, and measures how fast it drains.

    :param limit_s: end the measurement after this many seconds.
    :param afterwards: called after the measurement, while the stack still runs.
    """
    options = ReplayOptions(checkpoint_interval_ms=checkpoint_interval_ms, full_jit=THROUGHPUT.full_jit)
    with LocalStack(replace(stack_options(options), run_dir=STACK / "bench")) as stack:
        fill(stack, events, users=users, listings=listings, env=producer_env)
        properties = write_properties(
            stack.run_dir / "application_properties.json",
            bootstrap_servers=stack.bootstrap_servers,
            lookup_url=stack.lookup_url,
            optouts_url=stack.optouts_url,
            changes=changes,
        )
        job_id = stack.flink.submit(JOB, properties_path=properties)
        stack.flink.rest.wait_running(job_id, _RUNNING_S)
        pid = stack.flink.taskmanagers[0].pid
        assert pid is not None
        cold, warm = phases(drain(stack, pid, events, limit_s=limit_s), COLD_S)
        if afterwards is not None:
            afterwards(stack)
        peaks = {process.name: round(process.peak_rss_bytes / 2**20) for process in stack.processes}
        return Throughput(name, rate(cold), rate(warm), cpu_us(warm) if warm else 0.0, dict(peaks))
