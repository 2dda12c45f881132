"""A real Kafka broker, one JVM, ready for transactions in a few seconds."""

import hashlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from confluent_kafka.admin import AdminClient

from common.kafka.topics import TopicFailure, create_topics
from contracts.topics import Topic
from deploy.build.jars import ensure
from deploy.build.lock import exclusive
from deploy.jars import KAFKA
from deploy.paths import STACK
from local_stack.errors import StackError
from local_stack.kafka import config as kafka_config
from local_stack.processes.cds_archive import CdsArchive, cds_archive
from local_stack.processes.java import START_FAST, class_path, java_executable
from local_stack.processes.orphans import PidRegistry
from local_stack.processes.ports import HOST, free_port, retry_on_conflict
from local_stack.processes.process import ManagedProcess

_READY_S = 60.0
_ERRORS_ONLY = 3
"""Of librdkafka's log. What fails is raised; the rest does not help the stack's user."""
_STARTED = b"Kafka Server started"


class Kafka:
    """One KRaft node below ``run_dir``. Its data outlives :meth:`stop`, and the next start uses it again."""

    def __init__(
        self,
        run_dir: Path,
        *,
        registry: PidRegistry | None = None,
        heap_mb: int = 768,
        full_jit: bool = False,
        extra: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """``extra``: further broker properties, which replace the stack's own."""
        self._dir = run_dir / "kafka"
        self._data_dir = self._dir / "data"
        self._log_path = run_dir / "logs" / "kafka.log"
        self._registry = registry
        self._heap_mb = heap_mb
        self._compiler = START_FAST[:1] if full_jit else START_FAST
        self._extra = extra
        self._port = 0
        self._archive: CdsArchive | None = None
        self.process: ManagedProcess | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"{HOST}:{self._port}"

    def start(self) -> None:
        """Format the storage if it is new, start the broker, and return when it serves. Raises StackError."""
        retry_on_conflict(self._start)

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()
        if self._archive is not None and self.process is not None:
            self._archive.finish(self.process.exit_code, representative=True)

    def create_topics(self, topics: Sequence[Topic], partitions: int) -> None:
        """Creates the topics that do not exist yet. Raises StackError with the broker's reason."""
        with AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": _ERRORS_ONLY}) as admin:
            for name, result in create_topics(admin, topics, partitions=partitions, replication=1).items():
                if isinstance(result, TopicFailure):
                    raise StackError(f"topic {name} could not be created: {result.reason}")

    def _start(self) -> None:
        self._port = free_port()
        server, logging = kafka_config.write(
            self._dir,
            broker_port=self._port,
            controller_port=free_port(),
            data_dir=self._data_dir,
            extra=self._extra,
        )
        jars = class_path(ensure(KAFKA))
        archive = self._archive = cds_archive("kafka", jars)
        java = (
            java_executable(),
            f"-Xmx{self._heap_mb}m",
            "-Xms256m",
            *self._compiler,
            f"-Dlog4j2.configurationFile={logging}",
            "-cp",
            ":".join(map(str, jars)),
        )
        if not (self._data_dir / "meta.properties").exists():
            self._format_storage([java[0], *(() if archive.recording else archive.options()), *java[1:]], server)
        self.process = ManagedProcess(
            "kafka",
            [java[0], *archive.options(), *java[1:], "kafka.Kafka", str(server)],
            log_path=self._log_path,
            registry=self._registry,
            grace_s=30.0,
        )
        self._log_path.unlink(missing_ok=True)
        self.process.start()
        # The broker opens its port before it can serve. Its log says when it can.
        self.process.wait_ready(lambda: _STARTED in self._log_path.read_bytes(), _READY_S)

    def _format_storage(self, java: Sequence[str], server: Path) -> None:
        # Formatting takes a JVM almost a second and makes the same two small files each time. So it is done once for
        # each version of the broker, and copied from then on.
        key = hashlib.sha256("\n".join(jar.name for jar in class_path(ensure(KAFKA))).encode()).hexdigest()
        template = STACK / "kafka-storage" / key[:16]
        with exclusive(STACK / "kafka-storage.lock"):
            if template.exists():
                shutil.copytree(template, self._data_dir, dirs_exist_ok=True)
                return
            command = [*java, "kafka.tools.StorageTool", "format", "-t", kafka_config.CLUSTER_ID, "-c", str(server)]
            outcome = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            if outcome.returncode != 0:
                raise StackError(
                    f"Kafka's storage could not be formatted:\n{(outcome.stdout + outcome.stderr)[-4000:]}"
                )
            unfinished = template.with_suffix(".tmp")
            shutil.copytree(self._data_dir, unfinished, dirs_exist_ok=True)
            unfinished.replace(template)
