"""Shared by the stack's tests: processes that are certain to be gone afterwards, and polling."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from local_stack.processes.process import ManagedProcess

MakeProcess = Callable[..., ManagedProcess]


def python(code: str) -> list[str]:
    """A command that runs ``code``."""
    return [sys.executable, "-u", "-c", code]


def eventually(condition: Callable[[], bool], timeout_s: float = 10.0) -> bool:
    """Poll until true; False after the timeout."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def make_process(tmp_path: Path) -> Iterator[MakeProcess]:
    made: list[ManagedProcess] = []

    def make(command: Sequence[str], **options: object) -> ManagedProcess:
        process = ManagedProcess(f"p{len(made)}", command, log_path=tmp_path / f"p{len(made)}.log", **options)  # type: ignore[arg-type]
        made.append(process)
        return process

    yield make
    for process in made:
        process.kill_hard()
