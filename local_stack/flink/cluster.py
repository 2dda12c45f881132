"""A standalone Flink cluster from the pip package: one JobManager, any number of TaskManagers with one slot each."""

import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.build.jars import ensure
from deploy.jars import CONNECTOR
from local_stack.errors import StackError
from local_stack.flink.config import FlinkOptions, as_yaml, cluster_settings
from local_stack.flink.jvm import FlinkJvm, Role
from local_stack.flink.rest import FlinkRest
from local_stack.flink.submit import Submission, submit
from local_stack.processes.cds_archive import CdsArchive
from local_stack.processes.orphans import PidRegistry
from local_stack.processes.ports import HOST, free_port, retry_on_conflict
from local_stack.processes.process import ManagedProcess

_READY_S = 60.0
_GRACE_S = 8.0
_RECORDING_GRACE_S = 60.0
"""A JVM that writes its CDS archive takes seconds to exit."""


class FlinkCluster:
    """One slot for each TaskManager, because a TaskManager has one embedded interpreter with one lock."""

    def __init__(
        self,
        run_dir: Path,
        options: FlinkOptions | None = None,
        *,
        registry: PidRegistry | None = None,
        env: Mapping[str, str] | None = None,
        jvm: Callable[..., FlinkJvm] = FlinkJvm,
    ) -> None:
        """``env`` reaches JobManager, TaskManagers and client, and so the job's functions."""
        self.options = options or FlinkOptions()
        self._run_dir = run_dir.resolve()
        self._registry = registry
        self._env = dict(env or {})
        self._jvm = jvm(conf_dir=self._run_dir / "flink" / "conf", options=self.options, python=sys.executable)
        self._rest_port = 0
        self._rest: FlinkRest | None = None
        self._submissions = 0
        self._archives: list[tuple[ManagedProcess, CdsArchive]] = []
        self.jobmanager: ManagedProcess | None = None
        self.taskmanagers: list[ManagedProcess] = []
        """Every TaskManager that was started, by number; those that were killed keep their place."""
        self.metrics_targets: list[str] = []
        """host:port of each JVM's metrics, also of killed ones; empty without ``FlinkOptions.prometheus``."""

    @property
    def rest(self) -> FlinkRest:
        """The REST client. Raises StackError before :meth:`start`."""
        if self._rest is None:
            raise StackError("the Flink cluster was not started")
        return self._rest

    @property
    def rest_url(self) -> str:
        return f"http://{HOST}:{self._rest_port}"

    def start(self, taskmanagers: int = 1) -> None:
        """Start all JVMs at once; returns when every slot is registered. Raises StackError."""
        retry_on_conflict(lambda: self._start(taskmanagers))

    def stop(self) -> None:
        """Stop all JVMs at once."""
        self._end_all(ManagedProcess.stop)
        if self._rest is not None:
            self._rest.close()
        for process, archive in self._archives:
            # Without a job most of the classes that later runs need were never loaded.
            archive.finish(process.exit_code, representative=self._submissions > 0)

    def add_taskmanager(self, *, wait: bool = True) -> int:
        """Start one more TaskManager; returns its number, once its slot is registered if ``wait``."""
        number = len(self.taskmanagers)
        process = self._launch("taskmanager", f"taskmanager-{number}", [f"-Dtaskmanager.resource-id=tm-{number}"])
        self.taskmanagers.append(process)
        if wait:
            process.wait_ready(lambda: f"tm-{number}" in self.rest.taskmanagers(), _READY_S)
        return number

    def kill_taskmanager(self, number: int) -> None:
        """SIGKILL, as if its machine had crashed."""
        self.taskmanagers[number].kill_hard()

    def submit(
        self,
        entry: Path,
        arguments: Sequence[str] = (),
        *,
        parallelism: int | None = None,
        properties_path: Path | None = None,
        savepoint: str | None = None,
        allow_non_restored: bool = False,
        jar: Path | None = None,
        python_files: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> str:
        """Submit a Python job; returns its id as soon as the cluster has accepted it.

        Raises JobSubmitError. The client's whole output is in ``logs/flink-client-N.log``.
        """
        self._submissions += 1
        return submit(
            Submission(
                entry=entry.resolve(),
                arguments=arguments,
                parallelism=parallelism,
                properties_path=properties_path.resolve() if properties_path else None,
                savepoint=savepoint,
                allow_non_restored=allow_non_restored,
                jar=jar,
                python_files=python_files,
                env=self._env,
                settings=settings or {},
            ),
            self._jvm,
            jobmanager=f"{HOST}:{self._rest_port}",
            log_path=self._log(f"flink-client-{self._submissions}"),
            registry=self._registry,
        )

    def _start(self, taskmanagers: int) -> None:
        self._write_configuration()
        self._rest = FlinkRest(self.rest_url)
        self.taskmanagers = []
        self.metrics_targets = []
        try:
            self.jobmanager = self._launch("jobmanager", "jobmanager", [])
            for _ in range(taskmanagers):
                self.add_taskmanager(wait=False)
            self.jobmanager.wait_ready(lambda: self._slots_registered(taskmanagers), _READY_S)
        except BaseException:
            # By SIGKILL, because the parts of half a cluster wait for each other and do not exit in order.
            self._end_all(ManagedProcess.kill_hard)
            raise

    def _end_all(self, end: Callable[[ManagedProcess], None]) -> None:
        running = [process for process in (self.jobmanager, *self.taskmanagers) if process is not None]
        with ThreadPoolExecutor(max_workers=max(1, len(running))) as pool:
            list(pool.map(end, running))

    def _slots_registered(self, wanted: int) -> bool:
        for process in self.taskmanagers:
            process.raise_if_exited()
        return self.rest.free_slots() >= wanted

    def _write_configuration(self) -> None:
        ensure(CONNECTOR)
        self._rest_port = free_port()
        settings = cluster_settings(
            self.options,
            run_dir=self._run_dir,
            rpc_port=free_port(),
            rest_port=self._rest_port,
            python=self._jvm.python,
        )
        for directory in (self._jvm.conf_dir, *(self._run_dir / name for name in ("tmp", "checkpoints", "savepoints"))):
            directory.mkdir(parents=True, exist_ok=True)
        (self._jvm.conf_dir / "config.yaml").write_text(as_yaml(settings))
        self._jvm.write_files()

    def _launch(self, role: Role, name: str, arguments: Sequence[str]) -> ManagedProcess:
        # One of each kind that records is enough, because it takes seconds longer to exit.
        recorded = {archive.role for _, archive in self._archives if archive.recording}
        if self.options.prometheus:
            self.metrics_targets.append(f"{HOST}:{(port := free_port())}")
            arguments = [*arguments, f"-Dmetrics.reporter.prom.port={port}"]
        archive = self._jvm.archive(role, may_record=f"flink-{role}" not in recorded)
        process = ManagedProcess(
            name,
            self._jvm.command(role, archive, ["--configDir", str(self._jvm.conf_dir), *arguments]),
            log_path=self._log(name),
            env={**self._jvm.environment(), **self._env},
            cwd=self._jvm.working_dir,
            registry=self._registry,
            grace_s=_RECORDING_GRACE_S if archive.recording else _GRACE_S,
        )
        self._archives.append((process, archive))
        process.log_path.unlink(missing_ok=True)
        process.start()
        return process

    def _log(self, name: str) -> Path:
        return self._run_dir / "logs" / f"{name}.log"
