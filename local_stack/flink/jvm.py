"""The JVMs of Flink's three programs, started by their main classes.

Flink's shell scripts are not used. Each starts one more JVM to compute memory options, which are fixed here, and
remains as the parent of the real process.
"""

import importlib.util
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deploy.build.errors import MissingToolError
from deploy.jars import CONNECTOR
from deploy.paths import PROJECT
from local_stack.flink.config import FlinkOptions
from local_stack.processes.cds_archive import CdsArchive, cds_archive
from local_stack.processes.java import class_path, java_executable

Role = Literal["jobmanager", "taskmanager", "client"]
_MAINS: dict[Role, str] = {
    "jobmanager": "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
    "taskmanager": "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
    "client": "org.apache.flink.client.cli.CliFrontend",
}
_OPENS = (
    "--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED",
    "--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    *(
        f"--add-opens=java.base/{package}=ALL-UNNAMED"
        for package in (
            "java.lang",
            "java.net",
            "java.io",
            "java.nio",
            "sun.nio.ch",
            "java.lang.reflect",
            "java.text",
            "java.time",
            "java.util",
            "java.util.concurrent",
            "java.util.concurrent.atomic",
            "java.util.concurrent.locks",
        )
    ),
)
_LOGGING = """\
rootLogger.level=%s
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%%d{ISO8601} %%-5p %%c{1} - %%m%%n
# These log one line for each checkpoint: twenty lines a second here.
logger.checkpoints.name=org.apache.flink.runtime.checkpoint
logger.checkpoints.level=WARN
logger.sources.name=org.apache.flink.runtime.source.coordinator.SourceCoordinator
logger.sources.level=WARN
logger.producer.name=org.apache.flink.connector.kafka.sink.internal.FlinkKafkaInternalProducer
logger.producer.level=WARN
logger.metrics.name=org.apache.flink.metrics.MetricGroup
logger.metrics.level=ERROR
logger.kafka.name=org.apache.kafka
logger.kafka.level=WARN
# These log the whole environment of the process, including its secrets, and the configuration once more.
logger.environment.name=org.apache.flink.client.python
logger.environment.level=WARN
logger.settings.name=org.apache.flink.configuration.GlobalConfiguration
logger.settings.level=WARN
"""


@dataclass(frozen=True)
class FlinkJvm:
    """Command lines and environment for one cluster's configuration directory."""

    conf_dir: Path
    options: FlinkOptions
    python: str

    @property
    def working_dir(self) -> Path:
        """Where the JVMs run."""
        return PROJECT

    @property
    def home(self) -> Path:
        """The pip package's directory, which is a whole Flink distribution."""
        found = importlib.util.find_spec("pyflink")
        if found is None or found.origin is None:
            raise MissingToolError("pyflink is not installed: install the project's extra 'job'")
        return Path(found.origin).parent

    def archive(self, role: Role, *, may_record: bool = True) -> CdsArchive:
        return cds_archive(f"flink-{role}", self._jars(), may_record=may_record)

    def command(self, role: Role, archive: CdsArchive, arguments: Sequence[str]) -> list[str]:
        compiler = () if self.options.full_jit and role != "client" else ("-XX:TieredStopAtLevel=1",)
        return [
            java_executable(),
            *archive.options(),
            *self._memory(role),
            "-XX:+UseSerialGC",
            *compiler,
            *_OPENS,
            f"-Dlog4j.configurationFile={self._logging('client' if role == 'client' else 'server')}",
            "-cp",
            ":".join(map(str, self._jars())),
            _MAINS[role],
            *arguments,
        ]

    def environment(self) -> dict[str, str]:
        """With PYTHONPATH, because an interpreter that is embedded in a JVM does not find the virtual environment."""
        site_packages = self.home.parent
        python_path = [str(PROJECT), str(site_packages), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {
            "FLINK_HOME": str(self.home),
            "FLINK_CONF_DIR": str(self.conf_dir),
            "FLINK_BIN_DIR": str(self.home / "bin"),
            "FLINK_LIB_DIR": str(self.home / "lib"),
            "FLINK_OPT_DIR": str(self._opt_dir),
            "FLINK_PLUGINS_DIR": str(self._plugins_dir),
            "PYTHONPATH": ":".join(python_path),
            "PATH": f"{Path(self.python).parent}:{os.environ.get('PATH', '')}",
        }

    @property
    def _opt_dir(self) -> Path:
        return self.conf_dir.parent / "opt"

    @property
    def _plugins_dir(self) -> Path:
        return self.conf_dir.parent / "plugins" if self.options.plugins else self.home / "plugins"

    def write_files(self) -> None:
        """Write what the JVMs need on disk: logging, links to plug-ins, an empty jar."""
        self._write_logging()
        if self.options.plugins:
            self._plugins_dir.mkdir(parents=True, exist_ok=True)
            for plugin in (*(self.home / "plugins").iterdir(), *self.options.plugins):
                link = self._plugins_dir / plugin.name
                link.unlink(missing_ok=True)
                link.symlink_to(plugin)
        # "flink run -py" sends the jar with this name along with the job, 42 MB each time. Here every JVM has it on its
        # class path already, so it gets an empty one to send.
        self._opt_dir.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(self._opt_dir / "flink-python-empty.jar", "w") as jar:
            jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")

    def _write_logging(self) -> None:
        # The client's log also has the job's own output, so the client itself logs problems only.
        self._logging("server").write_text(_LOGGING % "INFO")
        self._logging("client").write_text(_LOGGING % "WARN")

    def _logging(self, kind: Literal["server", "client"]) -> Path:
        return self.conf_dir / f"log4j2-{kind}.properties"

    def _jars(self) -> tuple[Path, ...]:
        return (*class_path(self.home / "lib"), *self.home.glob("opt/flink-python-*.jar"), CONNECTOR.product)

    def _memory(self, role: Role) -> tuple[str, ...]:
        options = self.options
        if role == "jobmanager":
            return (f"-Xmx{options.jobmanager_heap_mb}m", "-Xms256m", "-XX:MaxMetaspaceSize=256m")
        if role == "taskmanager":
            direct = 128 + options.taskmanager_off_heap_mb + options.network_memory_mb
            heap = 128 + options.taskmanager_heap_mb
            return (f"-Xmx{heap}m", "-Xms256m", f"-XX:MaxDirectMemorySize={direct}m", "-XX:MaxMetaspaceSize=256m")
        return ("-Xmx512m",)
