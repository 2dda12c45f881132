"""Around a run: SIGTERM ends it in order, and no second run uses its directory."""

import contextlib
import fcntl
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import IO

from local_stack.errors import StackError


@contextlib.contextmanager
def sigterm_as_exception() -> Iterator[None]:
    """Inside, SIGTERM raises SystemExit in the main thread, and so leaves ``with`` blocks as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def raise_exit(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    previous = signal.signal(signal.SIGTERM, raise_exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


@contextlib.contextmanager
def lock_run_dir(run_dir: Path) -> Iterator[IO[str]]:
    """Hold the run directory for this stack alone. Raises StackError if another stack holds it."""
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(f"another stack runs in {run_dir}: stop it, or choose another run directory") from None
        yield file
