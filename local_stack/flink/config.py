"""Flink's configuration for a small local cluster, from typed options.

On the managed service a job may set only certain keys in its code. ``restricted`` enforces the same list here, so a job
that runs here is not refused there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from common.flink.durations import duration
from deploy.profiles import LATENCY, Profile, StateBackend
from local_stack.flink.managed_flink_rules import PROGRAM_MAY_SET
from local_stack.processes.ports import HOST

RestartStrategy = Literal["fixed-delay", "exponential-delay", "none"]
_REPORTER = "org.apache.flink.metrics.prometheus.PrometheusReporterFactory"


@dataclass(frozen=True, kw_only=True)
class FlinkOptions:
    """How the local cluster runs. Durations are milliseconds, memory mebibytes."""

    checkpoint_interval_ms: int = LATENCY.checkpoint_interval_ms
    checkpoint_min_pause_ms: int = LATENCY.min_pause_ms
    checkpoint_timeout_ms: int = 60_000
    state_backend: StateBackend = LATENCY.state_backend
    parallelism: int = 1
    restart_strategy: RestartStrategy = "exponential-delay"
    restart_delay_ms: int = 200
    restart_attempts: int = 1_000
    """For fixed-delay only; exponential-delay restarts without a limit."""
    heartbeat_interval_ms: int = 500
    heartbeat_timeout_ms: int = 3_000
    jobmanager_heap_mb: int = 384
    taskmanager_heap_mb: int = 768
    taskmanager_off_heap_mb: int = 256
    """For what the JVM allocates for the embedded interpreter. The JVM does not limit what Python itself allocates."""
    managed_memory_mb: int | None = None
    """RocksDB's memory. None: 256 with RocksDB, 32 without."""
    network_memory_mb: int = 64
    full_jit: bool = LATENCY.full_jit
    """Let the JVM use its second compiler: slower for the first half minute, faster after that."""
    prometheus: bool = False
    """Let every JVM serve its metrics. Off by default, because Flink's reporter always listens on every interface of
    the machine."""
    restricted: bool = True
    plugins: tuple[Path, ...] = ()
    """Directories of further Flink plug-ins, such as a file system; each has a class loader of its own."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Other Flink settings. They replace those that are made from the options."""

    @classmethod
    def of(cls, profile: Profile) -> Self:
        """A cluster with the profile's settings."""
        return cls(
            checkpoint_interval_ms=profile.checkpoint_interval_ms,
            checkpoint_min_pause_ms=profile.min_pause_ms,
            state_backend=profile.state_backend,
            full_jit=profile.full_jit,
        )

    @property
    def managed_mb(self) -> int:
        if self.managed_memory_mb is not None:
            return self.managed_memory_mb
        return 256 if self.state_backend == "rocksdb" else 32


def flink_uri(path: Path) -> str:
    """An absolute path as a URI for Flink's ``Path``. Nothing is encoded, because Flink does not decode: it would take
    ``%20`` for three characters of the name.
    """
    return f"file://{path}"


def cluster_settings(
    options: FlinkOptions, *, run_dir: Path, rpc_port: int, rest_port: int, python: str
) -> dict[str, str]:
    """Every setting as flat keys, the same for JobManager, TaskManagers and client."""
    settings = {
        "jobmanager.rpc.address": HOST,
        "jobmanager.rpc.port": str(rpc_port),
        "jobmanager.bind-host": HOST,
        "taskmanager.host": HOST,
        "taskmanager.bind-host": HOST,
        "taskmanager.numberOfTaskSlots": "1",
        "rest.address": HOST,
        "rest.bind-address": HOST,
        "rest.port": str(rest_port),
        "rest.bind-port": str(rest_port),
        "web.submit.enable": "false",
        # How old the REST API's picture of a job may be: a killed task must not look alive.
        "web.refresh-interval": "100",
        "io.tmp.dirs": str(run_dir / "tmp"),
        "web.tmpdir": str(run_dir / "tmp"),
        "parallelism.default": str(options.parallelism),
        "python.executable": python,
        "python.client.executable": python,
        "heartbeat.interval": str(options.heartbeat_interval_ms),
        "heartbeat.timeout": str(options.heartbeat_timeout_ms),
        # All start at once. A TaskManager that starts before the JobManager tries again soon, not after 10 s.
        "cluster.registration.initial-timeout": duration(100),
        "cluster.registration.max-timeout": duration(1_000),
        "cluster.registration.error-delay": duration(200),
        "cluster.registration.refused-registration-delay": duration(500),
        "metrics.fetcher.update-interval": duration(500),
        "classloader.check-leaked-classloader": "false",
        "execution.checkpointing.interval": duration(options.checkpoint_interval_ms),
        "execution.checkpointing.min-pause": duration(options.checkpoint_min_pause_ms),
        "execution.checkpointing.timeout": duration(options.checkpoint_timeout_ms),
        "execution.checkpointing.mode": "EXACTLY_ONCE",
        "execution.checkpointing.dir": flink_uri(run_dir / "checkpoints"),
        "execution.checkpointing.savepoint-dir": flink_uri(run_dir / "savepoints"),
        "execution.checkpointing.tolerable-failed-checkpoints": "5",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "state.backend.type": options.state_backend,
        **_restart(options),
        **_jobmanager_memory(options),
        **_taskmanager_memory(options),
    }
    if options.prometheus:
        settings["metrics.reporter.prom.factory.class"] = _REPORTER
        # Otherwise the label of the job clickstream-enrichment would be clickstream_enrichment.
        settings["metrics.reporter.prom.filterLabelValueCharacters"] = "false"
    if options.restricted:
        settings["execution.program-config.enabled"] = "false"
        settings["execution.program-config.wildcards"] = ";".join(PROGRAM_MAY_SET)
    return settings | dict(options.extra)


def _restart(options: FlinkOptions) -> dict[str, str]:
    kind = options.restart_strategy
    if kind == "none":
        return {"restart-strategy.type": "none"}
    if kind == "fixed-delay":
        return {
            "restart-strategy.type": kind,
            "restart-strategy.fixed-delay.attempts": str(options.restart_attempts),
            "restart-strategy.fixed-delay.delay": duration(options.restart_delay_ms),
        }
    return {
        "restart-strategy.type": kind,
        "restart-strategy.exponential-delay.initial-backoff": duration(options.restart_delay_ms),
        "restart-strategy.exponential-delay.max-backoff": duration(5_000),
        "restart-strategy.exponential-delay.backoff-multiplier": "1.5",
        "restart-strategy.exponential-delay.reset-backoff-threshold": duration(30_000),
        "restart-strategy.exponential-delay.jitter-factor": "0.1",
    }


def _jobmanager_memory(options: FlinkOptions) -> dict[str, str]:
    return {
        "jobmanager.memory.heap.size": f"{options.jobmanager_heap_mb}m",
        "jobmanager.memory.off-heap.size": "128m",
        "jobmanager.memory.jvm-metaspace.size": "256m",
        "jobmanager.memory.jvm-overhead.min": "192m",
        "jobmanager.memory.jvm-overhead.max": "192m",
    }


def _taskmanager_memory(options: FlinkOptions) -> dict[str, str]:
    # Every part is set, so Flink needs no extra JVM to compute the others first.
    return {
        "taskmanager.cpu.cores": "1.0",
        "taskmanager.memory.framework.heap.size": "128m",
        "taskmanager.memory.task.heap.size": f"{options.taskmanager_heap_mb}m",
        "taskmanager.memory.framework.off-heap.size": "128m",
        "taskmanager.memory.task.off-heap.size": f"{options.taskmanager_off_heap_mb}m",
        "taskmanager.memory.network.min": f"{options.network_memory_mb}m",
        "taskmanager.memory.network.max": f"{options.network_memory_mb}m",
        "taskmanager.memory.managed.size": f"{options.managed_mb}m",
        "taskmanager.memory.jvm-metaspace.size": "256m",
        "taskmanager.memory.jvm-overhead.min": "192m",
        "taskmanager.memory.jvm-overhead.max": "192m",
    }


def as_yaml(settings: Mapping[str, str]) -> str:
    """Flat keys are valid in ``config.yaml``. Every value is quoted, so that none is read as another type."""
    return "".join(f"{key}: '{_escaped(value)}'\n" for key, value in settings.items())


def _escaped(value: str) -> str:
    return value.replace("'", "''")
