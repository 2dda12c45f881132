"""All servers together: started in parallel, and stopped whatever happens.

Kafka, Redis (followed by the profiles and the lookup service), the store of opt-outs and Flink start without each
other. Only a job needs all of them.
"""

import contextlib
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from common.opt_outs.redis_client import connect
from common.opt_outs.store import OptOutStore
from contracts.topics import ALL, Topic
from deploy.build.jars import ensure
from deploy.jars import CONNECTOR, KAFKA
from deploy.paths import FEATURES_FILE, MODELS, PIDS, STACK
from local_stack.errors import StackError
from local_stack.flink.cluster import FlinkCluster
from local_stack.flink.config import FlinkOptions
from local_stack.kafka.broker import Kafka
from local_stack.lookup.geoip import ensure_asn_database, ensure_city_database
from local_stack.lookup.redis import Redis
from local_stack.lookup.service import LookupService, seed_profiles
from local_stack.processes.orphans import PidRegistry
from local_stack.processes.process import ManagedProcess
from local_stack.processes.run_lock import lock_run_dir, sigterm_as_exception

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class StackOptions:
    """What to start. ``run_dir`` is for logs and data. The data of an earlier run is removed unless ``keep_data``."""

    run_dir: Path = STACK / "run"
    keep_data: bool = False
    topics: tuple[Topic, ...] = ALL
    partitions: int = 2
    taskmanagers: int = 1
    """Also the number of slots, so the largest parallelism of a job."""
    flink: FlinkOptions = field(default_factory=FlinkOptions)
    with_flink: bool = True
    with_lookup: bool = True
    """Redis, the profiles, the lookup service, and the store of opt-outs."""
    users: int = 2_000
    listings: int = 5_000
    geoip_city_path: Path | None = None
    geoip_asn_path: Path | None = None
    """Databases of your own; None: the environment's, else those of local_stack.lookup.geoip."""
    lookup_env: Mapping[str, str] = field(default_factory=dict)
    job_env: Mapping[str, str] = field(default_factory=dict)
    """For Flink's processes, and so for the job."""


def fetch_jars() -> None:
    """Build every jar that the stack needs; a second's work when nothing changed."""
    for jar in (KAFKA, CONNECTOR):
        ensure(jar)


class LocalStack:
    """``with LocalStack(options) as stack:`` - all servers are ready inside the block, and gone after it.

    In the main thread, Ctrl-C and SIGTERM end the block as an exception does. If this process is killed, the kernel
    kills its servers.
    """

    def __init__(self, options: StackOptions | None = None) -> None:
        self.options = options or StackOptions()
        self.run_dir = self.options.run_dir.resolve()
        self.registry = PidRegistry(PIDS)
        self.kafka = Kafka(self.run_dir, registry=self.registry, full_jit=self.options.flink.full_jit)
        self.redis = Redis(self.run_dir, registry=self.registry)
        self.optouts = Redis(self.run_dir, name="optouts", durable=True, registry=self.registry)
        self.flink = FlinkCluster(self.run_dir, self.options.flink, registry=self.registry, env=self.options.job_env)
        self.timings: dict[str, float] = {}
        """Component → seconds until it was ready; ``all``: until all of them were."""
        self._lookup: LookupService | None = None
        self._cleanup = contextlib.ExitStack()

    @property
    def logs(self) -> Path:
        """The directory of all logs, one file for each process."""
        return self.run_dir / "logs"

    @property
    def bootstrap_servers(self) -> str:
        return self.kafka.bootstrap_servers

    @property
    def redis_url(self) -> str:
        return self.redis.url

    @property
    def optouts_url(self) -> str:
        """Of the Redis that is for opt-outs alone, and keeps them over a restart."""
        return self.optouts.url

    @property
    def lookup(self) -> LookupService:
        """Raises StackError if the stack runs without it."""
        if self._lookup is None:
            raise StackError("this stack runs without the lookup service")
        return self._lookup

    @property
    def lookup_url(self) -> str:
        return self.lookup.url

    @property
    def processes(self) -> list[ManagedProcess]:
        """Every process that was started, also those that have ended."""
        lookup = self._lookup.process if self._lookup is not None else None
        candidates = [self.kafka.process, self.redis.process, self.optouts.process, lookup]
        candidates += [self.flink.jobmanager, *self.flink.taskmanagers]
        return [process for process in candidates if process is not None]

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            undo.enter_context(sigterm_as_exception())
            undo.enter_context(lock_run_dir(self.run_dir))
            self.registry.stop_orphans()
            if not self.options.keep_data:
                for name in ("kafka", "optouts", "flink", "checkpoints", "savepoints", "tmp", "logs"):
                    shutil.rmtree(self.run_dir / name, ignore_errors=True)
            undo.callback(self._stop)
            self._start()
            self._cleanup = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def _start(self) -> None:
        began = time.monotonic()
        self._timed("artifacts", fetch_jars)
        starts = [self._start_kafka]
        if self.options.with_lookup:
            starts += [self._start_lookup, self._start_optouts]
        if self.options.with_flink:
            starts.append(lambda: self._timed("flink", lambda: self.flink.start(self.options.taskmanagers)))
        with ThreadPoolExecutor(max_workers=len(starts)) as pool:
            under_way = [pool.submit(start) for start in starts]
            try:
                done, _ = wait(under_way, return_when=FIRST_EXCEPTION)
                for outcome in done:
                    outcome.result()
            except BaseException:
                # A server that still starts sees that its process is gone, and gives up. Until then it may start one
                # process more.
                while wait(under_way, timeout=0.1).not_done:
                    self._stop()
                raise
        self.timings["all"] = time.monotonic() - began
        _log.info("stack is up", **{name: f"{seconds:.1f} s" for name, seconds in self.timings.items()})

    def _start_kafka(self) -> None:
        self._timed("kafka", self.kafka.start)
        self._timed("topics", lambda: self.kafka.create_topics(self.options.topics, self.options.partitions))

    def _start_lookup(self) -> None:
        options = self.options
        self._timed("redis", self.redis.start)
        profiles = self.run_dir / "profiles.db"
        self._timed("profiles", lambda: seed_profiles(profiles, users=options.users, listings=options.listings))
        self._lookup = LookupService(
            self.run_dir,
            redis_url=self.redis.url,
            profiles_path=profiles,
            geoip_city_path=ensure_city_database(options.geoip_city_path),
            geoip_asn_path=ensure_asn_database(options.geoip_asn_path),
            registry=self.registry,
            env={"LOOKUP_FEATURES_PATH": str(FEATURES_FILE), "LOOKUP_MODELS_PATH": str(MODELS), **options.lookup_env},
        )
        self._timed("lookup", self._lookup.start)

    def _start_optouts(self) -> None:
        self._timed("optouts", self.optouts.start)
        with contextlib.closing(OptOutStore(connect(self.optouts.url))) as store:
            store.init()

    def _timed(self, name: str, start: Callable[[], None]) -> None:
        began = time.monotonic()
        start()
        self.timings[name] = time.monotonic() - began

    def _stop(self) -> None:
        stops = [self.flink.stop, self.kafka.stop, self.redis.stop, self.optouts.stop]
        if self._lookup is not None:
            stops.append(self._lookup.stop)
        with ThreadPoolExecutor(max_workers=len(stops)) as pool:
            list(pool.map(lambda stop: stop(), stops))
