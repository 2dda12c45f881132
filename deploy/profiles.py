"""The one table of profiles: how often a Flink job takes a checkpoint, and the settings that go with it.

The interval decides two things. A consumer that reads committed records waits half an interval on average; a lake's
file ends with a checkpoint, so the interval also decides the size of the files. Everything that starts or deploys a
job takes its numbers from here: local stack, bench, the containers' configuration, CDK.
"""

from dataclasses import dataclass
from typing import Literal

from common.flink.durations import duration

StateBackend = Literal["hashmap", "rocksdb"]


@dataclass(frozen=True, kw_only=True)
class Profile:
    serves: str
    """Who uses it."""
    why: str
    """Why the numbers are these."""
    checkpoint_interval_ms: int
    min_pause_ms: int = 0
    """Shortest time between the end of a checkpoint and the start of the next one."""
    state_backend: StateBackend = "hashmap"
    """``rocksdb`` for state that outgrows the heap. The managed service always uses it and cannot be told otherwise."""
    full_jit: bool = False
    """Whether the JVMs of a local stack may use their second compiler, C2: half a core for the first 20 s, faster code
    afterwards. It pays where the JVM does the work, as in the lake, and not where Python does
    (docs/decisions/0017-batches.md)."""

    def flink_settings(self) -> dict[str, str]:
        """Flink's own keys for what a job may have different from its cluster."""
        return {
            "execution.checkpointing.interval": duration(self.checkpoint_interval_ms),
            "execution.checkpointing.min-pause": duration(self.min_pause_ms),
            "state.backend.type": self.state_backend,
            # Only what has changed, as on the managed service. The heap's state is written whole whatever this says.
            "execution.checkpointing.incremental": str(self.state_backend == "rocksdb").lower(),
        }


LATENCY = Profile(
    serves="make up, make replay and the tests: a cluster for minutes on few cores",
    why="Committed records are readable soon: p50 58, p99 96 ms at 2,000 events/s. A checkpoint costs 13 to 20 ms of a "
    "processor: a quarter to 0.4 of a core at twenty a second.",
    checkpoint_interval_ms=50,
)
THROUGHPUT = Profile(
    serves="python -m local_stack up --profile throughput, and make bench",
    why="A checkpoint costs the same whatever the load: once a second, it does not limit throughput.",
    checkpoint_interval_ms=1_000,
)
COMPOSE = Profile(
    serves="the enrichment job in Docker Compose",
    why="Five checkpoints a second leave a small machine room for the other containers.",
    checkpoint_interval_ms=200,
    state_backend="rocksdb",
)
PRODUCTION = Profile(
    serves="the enrichment job on the managed service",
    why="What a read_committed consumer waits for, against the brokers' work for each transaction.",
    checkpoint_interval_ms=1_000,
    min_pause_ms=500,
    state_backend="rocksdb",
)
BEHAVIOUR_LOCAL = Profile(
    serves="the behaviour job on a local stack",
    why="A session's state is small there, and a stamped event is readable a commit after the enriched one.",
    checkpoint_interval_ms=100,
)
BEHAVIOUR_COMPOSE = Profile(
    serves="the behaviour job in Docker Compose",
    why="As the enrichment job there: a small machine has room for the other containers.",
    checkpoint_interval_ms=500,
    state_backend="rocksdb",
)
BEHAVIOUR_PRODUCTION = Profile(
    serves="the behaviour job on the managed service",
    why="Each job in a row adds an interval to what a read_committed consumer waits.",
    checkpoint_interval_ms=1_000,
    min_pause_ms=500,
    state_backend="rocksdb",
)
ACCOUNT_SECURITY_LOCAL = Profile(
    serves="the account_security job on a local stack",
    why="Its verdicts are read uncommitted, so nobody waits for a checkpoint, and the heap's state is written whole at "
    "each one. A second is what a restart does again.",
    checkpoint_interval_ms=1_000,
)
ACCOUNT_SECURITY_COMPOSE = Profile(
    serves="the account_security job in Docker Compose",
    why="Verdicts are read uncommitted: an interval of a second leaves a small machine room.",
    checkpoint_interval_ms=1_000,
    state_backend="rocksdb",
)
ACCOUNT_SECURITY_PRODUCTION = Profile(
    serves="the account_security job on the managed service",
    why="Verdicts are read uncommitted. The interval decides how many of them come again after a restart.",
    checkpoint_interval_ms=1_000,
    min_pause_ms=500,
    state_backend="rocksdb",
)
FEATURES_LOCAL = Profile(
    serves="the features job on a local stack",
    why="The store is written without waiting for a checkpoint. An interval decides how late a record of the topic is, "
    "and a restart does again what came since the last one.",
    checkpoint_interval_ms=500,
)
FEATURES_COMPOSE = Profile(
    serves="the features job in Docker Compose",
    why="As the behaviour job there: a small machine has room for the other containers.",
    checkpoint_interval_ms=1_000,
    state_backend="rocksdb",
)
FEATURES_PRODUCTION = Profile(
    serves="the features job on the managed service",
    why="Nobody waits for its commits but readers of the topic. RocksDB holds listings and accounts by the million.",
    checkpoint_interval_ms=1_000,
    min_pause_ms=500,
    state_backend="rocksdb",
)
LAKE_LOCAL = Profile(
    serves="the lake job on a local stack",
    why="A file ends with a checkpoint: the stack's own 50 ms would make twenty files a second.",
    checkpoint_interval_ms=10_000,
    full_jit=True,
)
LAKE_BENCH = Profile(
    serves="make bench, where it measures the lake's rows a second",
    why="Short enough that waiting for the last checkpoint is a small part of the time measured.",
    checkpoint_interval_ms=5_000,
    full_jit=True,
)
LAKE_COMPOSE = Profile(
    serves="the lake job in Docker Compose",
    why="The enrichment job's interval would make five files a second. The lake keeps no keyed state.",
    checkpoint_interval_ms=20_000,
)
LAKE_PRODUCTION = Profile(
    serves="the lake job on the managed service",
    why="Files of a useful size; the lake is that far behind the topics.",
    checkpoint_interval_ms=300_000,
    min_pause_ms=150_000,
    state_backend="rocksdb",
)
