"""The stack of a measurement, the jobs on it, and the processor time of its processes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from types import MappingProxyType

import psutil

from assurance.bench.pass_through_job import TOPIC
from assurance.end_to_end.options import ReplayOptions
from assurance.end_to_end.run import for_replay, stack_options
from contracts.topics import Topic
from deploy.jobs import ENRICHMENT
from deploy.paths import STACK
from deploy.profiles import LATENCY
from local_stack.jobs import submit
from local_stack.stack import LocalStack

_PASS_THROUGH = Path(__file__).with_name("pass_through_job.py")
_NEVER_MS = -1


def bench_stack(interval_ms: int, *, full_jit: bool, flink: Mapping[str, str] = MappingProxyType({})) -> LocalStack:
    """A stack with the generated stream's accounts and listings, and with the topic of the pass-through.

    :param flink: further settings of the Flink cluster.
    """
    options = stack_options(ReplayOptions(checkpoint_interval_ms=interval_ms, full_jit=full_jit))
    own_topic = for_replay(Topic(name=TOPIC, retention_ms=_NEVER_MS))
    return LocalStack(
        replace(
            options,
            run_dir=STACK / "bench",
            topics=(*options.topics, own_topic),
            flink=replace(options.flink, extra=flink),
        )
    )


def start_job(stack: LocalStack, name: str, interval_ms: int, *, pass_through: bool = False) -> str:
    """Submits the enrichment job, or the pass-through with the same properties, and waits until all of it runs.

    It reads what is sent from now on. End it by a savepoint: a job that is cancelled leaves a transaction open, and
    readers of committed records would wait for its time-out.

    :param name: consumer group and prefix of the transactions; each job on a stack needs its own.
    """
    changes = {"source": {"group.id": name, "start": "latest"}, "sink": {"transactional.id.prefix": name}}
    entry = _PASS_THROUGH if pass_through else None
    return submit(stack, ENRICHMENT, changes, entry=entry, profile=replace(LATENCY, checkpoint_interval_ms=interval_ms))


@dataclass(frozen=True)
class CpuTimes:
    """``at``: monotonic seconds; ``used``: process → CPU seconds since its start."""

    at: float
    used: Mapping[str, float]

    def cores_until(self, later: "CpuTimes") -> dict[str, float]:
        """Process → CPU seconds per second between the two samples."""
        return {name: (later.used[name] - used) / (later.at - self.at) for name, used in self.used.items()}


def cpu_times(stack: LocalStack) -> CpuTimes:
    """Of the first task manager, the JobManager and the broker."""
    flink = stack.flink
    processes = {"task manager": flink.taskmanagers[0], "JobManager": flink.jobmanager, "broker": stack.kafka.process}
    used: dict[str, float] = {}
    for name, process in processes.items():
        assert process is not None
        times = psutil.Process(process.pid).cpu_times()
        used[name] = times.user + times.system
    return CpuTimes(monotonic(), used)
