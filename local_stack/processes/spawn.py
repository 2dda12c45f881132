"""Starts child processes that cannot outlive this process, each in a session of its own."""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import IO

_DIE_WITH_PARENT = str(Path(__file__).with_name("die_with_parent.py"))
_requests: queue.SimpleQueue[tuple[Future[subprocess.Popen[bytes]], Callable[[], subprocess.Popen[bytes]]]] = (
    queue.SimpleQueue()
)
_lock = threading.Lock()
_spawner: threading.Thread | None = None


def spawn(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, log_path: Path | None
) -> subprocess.Popen[bytes]:
    """Start ``command`` with its output appended to ``log_path``; None: with this process's own output.

    Raises OSError when the log cannot be written. A command that does not exist ends with exit code 1 and the reason in
    the log.
    """

    def start() -> subprocess.Popen[bytes]:
        if log_path is None:
            return _dying_with_parent(command, env, cwd, None)
        log_path.parent.mkdir(parents=True, exist_ok=True)
        with log_path.open("ab") as log:
            return _dying_with_parent(command, env, cwd, log)

    future: Future[subprocess.Popen[bytes]] = Future()
    _ensure_spawner()
    _requests.put((future, start))
    return future.result()


def _dying_with_parent(
    command: Sequence[str], env: Mapping[str, str], cwd: Path, log: IO[bytes] | None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", _DIE_WITH_PARENT, str(os.getpid()), *command],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=None if log is None else subprocess.STDOUT,
        env=dict(env),
        cwd=cwd,
        start_new_session=True,
    )


def _ensure_spawner() -> None:
    # Linux sends the signal when the *thread* that forked ends. So one thread, which lives as long as the process,
    # forks every child, whichever thread asks.
    global _spawner  # noqa: PLW0603 - one for each process
    with _lock:
        if _spawner is None or not _spawner.is_alive():
            _spawner = threading.Thread(target=_serve, name="spawner", daemon=True)
            _spawner.start()


def _serve() -> None:
    while True:
        future, start = _requests.get()
        try:
            future.set_result(start())
        except BaseException as error:
            future.set_exception(error)
