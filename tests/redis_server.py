"""Redis processes that tests can kill, start again and freeze."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import redis

from assurance.servers.wait import wait_until
from local_stack.lookup.redis import DURABLE, redis_executable
from local_stack.processes.ports import free_port


class RedisProcess:
    """An in-memory Redis on a free port. The port stays the same when the process is killed and started again."""

    def __init__(self, executable: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis.from_url(self.url, socket_timeout=5)
        self._executable = executable
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.client.close()

    def start(self, **settings: str) -> None:
        """Returns when the server answers."""
        options = {"port": str(self.port), "bind": "127.0.0.1", "save": "", "appendonly": "no", **settings}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen([self._executable, *words], stdout=subprocess.DEVNULL)
        wait_until(self._answers, what="Redis answers")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The server keeps its connections and does not answer."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


class DurableRedis(RedisProcess):
    """A Redis with an append-only file, as the store of opt-outs needs it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(redis_executable())
        self._folder = folder

    def start(self, *, data: str = "first", **settings: str) -> None:
        """Starts with the data that lies under the name ``data``. A new name is a new, empty server."""
        folder = self._folder / data
        folder.mkdir(parents=True, exist_ok=True)
        super().start(**{"dir": str(folder), **DURABLE, **settings})
