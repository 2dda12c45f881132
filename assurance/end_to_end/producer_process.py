"""Runs the producer of a replay in a process of its own, so that producing and collecting do not delay each other."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from deploy.paths import PROJECT
from local_stack.processes.spawn import spawn

INTERRUPTED = 128 + signal.SIGINT
"""Exit code after Ctrl-C, as shells expect it."""


class Interruption:
    """Whether the user pressed Ctrl-C while events were sent."""

    requested = False


def send(arguments: Sequence[str], interruption: Interruption, report: Callable[[str], None]) -> int:
    """Runs ``python -m producers`` to its end and returns its exit code. The producer dies with this process.

    The first Ctrl-C makes the producer stop sending and flush; the second one has its usual effect.
    """
    # In a session of its own, so that a Ctrl-C on the terminal reaches it through this process only, and only once.
    child = spawn([sys.executable, "-m", "producers", *arguments], env=os.environ, cwd=PROJECT, log_path=None)
    try:
        with _forward_interrupt(child, interruption, report):
            return child.wait()
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


@contextlib.contextmanager
def _forward_interrupt(
    child: subprocess.Popen[bytes], interruption: Interruption, report: Callable[[str], None]
) -> Iterator[None]:
    usual = signal.getsignal(signal.SIGINT)

    def forward(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, usual)
        interruption.requested = True
        child.send_signal(signal.SIGINT)
        report("interrupted: waiting for the outcomes of the events sent so far; Ctrl-C again ends at once")

    signal.signal(signal.SIGINT, forward)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
