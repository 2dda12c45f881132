"""A Redis that writes an append-only file, on a port that stays the same when it is killed and started again."""

import subprocess
import time
from pathlib import Path
from typing import Self

import redis

from local_stack.lookup.redis import DURABLE, redis_executable
from local_stack.processes.ports import free_port

_READY_S = 10.0


class DurableRedis:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis.from_url(self.url, socket_timeout=5)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.client.close()

    def start(self, *, data: str = "first", **settings: str) -> None:
        """With what lies under that name; another name is another server."""
        folder = self._folder / data
        folder.mkdir(parents=True, exist_ok=True)
        options = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(folder), **DURABLE, **settings}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen([redis_executable(), *words], stdout=subprocess.DEVNULL)
        until = time.monotonic() + _READY_S
        while not self._answers():
            assert time.monotonic() < until, "Redis does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False
