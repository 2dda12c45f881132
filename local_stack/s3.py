"""An S3 server on the local file system: S3Proxy, for trying the lake's way to S3."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import httpx

from local_stack.artifacts import ensure_s3_jars
from local_stack.java import START_FAST, class_path, java_executable
from local_stack.ports import HOST, free_port
from local_stack.process import ManagedProcess

ACCESS_KEY, SECRET_KEY, REGION = "local-access", "local-secret", "us-east-1"
_READY_S = 60.0


class S3Server:
    """``with S3Server(dir, "bucket") as server:``; requests must be signed. Data outlives it, below ``run_dir``."""

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
        return ensure_s3_jars() / "flink"

    def flink_settings(self) -> Mapping[str, str]:
        """What Flink must be told to find this server."""
        return MappingProxyType(
            {
                "s3.endpoint": f"http://{self.address}",
                "s3.endpoint.region": REGION,
                "s3.path.style.access": "true",
                "s3.access-key": ACCESS_KEY,
                "s3.secret-key": SECRET_KEY,
            }
        )

    def __enter__(self) -> Self:
        self._port = free_port()
        data = self._dir / "data"
        (data / self._bucket).mkdir(parents=True, exist_ok=True)
        config = self._dir / "s3proxy.conf"
        config.write_text(
            f"s3proxy.endpoint=http://{self.address}\n"
            "s3proxy.authorization=aws-v2-or-v4\n"
            f"s3proxy.identity={ACCESS_KEY}\ns3proxy.credential={SECRET_KEY}\n"
            "jclouds.provider=filesystem\njclouds.identity=local\njclouds.credential=local\n"
            f"jclouds.filesystem.basedir={data}\n"
        )
        jars = class_path(ensure_s3_jars() / "server")
        self._process = ManagedProcess(
            "s3",
            [
                java_executable(),
                *START_FAST,
                "-Xmx256m",
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
        except BaseException:
            self._process.kill_hard()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.stop()

    def _answers(self) -> bool:
        try:
            httpx.get(f"http://{self.address}/", trust_env=False, timeout=5)
        except httpx.TransportError:
            return False
        return True
