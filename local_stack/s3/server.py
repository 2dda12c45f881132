"""An S3 server that keeps its objects in memory, S3Proxy: to try the lake on S3."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import httpx
from pyarrow.fs import S3FileSystem

from deploy.build.jars import ensure
from deploy.jars import S3
from local_stack.errors import StackError
from local_stack.processes.java import START_FAST, class_path, java_executable
from local_stack.processes.ports import HOST, free_port
from local_stack.processes.process import ManagedProcess

ACCESS_KEY, SECRET_KEY, REGION = "local-access", "local-secret", "us-east-1"
_READY_S = 60.0
# Without a configuration S3Proxy logs everything: 27 MB a minute.
_LOGGING = """\
<configuration>
  <appender name="console" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{ISO8601} %-5level %logger{0} - %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="console"/></root>
</configuration>
"""


class S3Server:
    """``with S3Server(dir, "bucket") as server:``. Requests must be signed. The log is below ``run_dir``."""

    def __init__(self, run_dir: Path, bucket: str) -> None:
        self._dir = run_dir.resolve() / "s3"
        self._bucket = bucket
        self._port = 0
        self._process: ManagedProcess | None = None

    @property
    def address(self) -> str:
        return f"{HOST}:{self._port}"

    @property
    def plugin(self) -> Path:
        """The directory of Flink's S3 file system."""
        return ensure(S3) / "flink"

    def flink_settings(self) -> Mapping[str, str]:
        """The settings with which Flink finds this server."""
        return MappingProxyType(
            {
                "s3.endpoint": f"http://{self.address}",
                "s3.endpoint.region": REGION,
                "s3.path.style.access": "true",
                "s3.access-key": ACCESS_KEY,
                "s3.secret-key": SECRET_KEY,
            }
        )

    def environment(self) -> Mapping[str, str]:
        """The environment with which every other client finds it, such as ``lake.store``."""
        return MappingProxyType(
            {
                "AWS_ENDPOINT_URL": f"http://{self.address}",
                "AWS_REGION": REGION,
                "AWS_ACCESS_KEY_ID": ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            }
        )

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Inside the block the server accepts connections and does not answer."""
        if self._process is None:
            raise StackError("the S3 server was not started")
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def __enter__(self) -> Self:
        self._port = free_port()
        self._dir.mkdir(parents=True, exist_ok=True)
        config = self._dir / "s3proxy.conf"
        config.write_text(
            f"s3proxy.endpoint=http://{self.address}\n"
            "s3proxy.authorization=aws-v2-or-v4\n"
            f"s3proxy.identity={ACCESS_KEY}\ns3proxy.credential={SECRET_KEY}\n"
            # In memory and not on a file system, because S3 has no directories. After each file Flink's client deletes
            # the markers of the directories above it. The provider "filesystem" then tries for 10 s each to remove a
            # directory that is not empty; "filesystem-nio2" answers 500, and the client tries again for minutes.
            "jclouds.provider=transient\njclouds.identity=local\njclouds.credential=local\n"
        )
        logging = self._dir / "logback.xml"
        logging.write_text(_LOGGING)
        jars = class_path(ensure(S3) / "server")
        self._process = ManagedProcess(
            "s3",
            [
                java_executable(),
                *START_FAST,
                "-Xmx256m",
                f"-Dlogback.configurationFile={logging}",
                "-cp",
                ":".join(map(str, jars)),
                "org.gaul.s3proxy.Main",
                "--properties",
                str(config),
            ],
            log_path=self._dir / "s3.log",
        )
        self._process.start()
        try:
            self._process.wait_ready(self._answers, _READY_S)
            self._create_bucket()
        except BaseException:
            self._process.kill_hard()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.stop()

    def _create_bucket(self) -> None:
        files = S3FileSystem(
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            region=REGION,
            endpoint_override=self.address,
            scheme="http",
            allow_bucket_creation=True,
        )
        files.create_dir(self._bucket)

    def _answers(self) -> bool:
        try:
            httpx.get(f"http://{self.address}/", trust_env=False, timeout=5)
        except httpx.TransportError:
            return False
        return True
