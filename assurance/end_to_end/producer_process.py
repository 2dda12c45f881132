"""The producer of a replay: a process of its own, so that its work and the collectors' do not wait for each other."""

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
"""The exit code that a shell expects."""


class Interruption:
    """Whether somebody has pressed Ctrl-C while events were sent."""

    requested = False


def send(arguments: Sequence[str], interruption: Interruption, say: Callable[[str], None]) -> int:
    """Run ``python -m producers`` to its end; it dies with this process. Returns its exit code.

    Ctrl-C asks it to stop sending and to flush what it has; the next one has its usual effect.
    """
    # In a session of its own, so that of a Ctrl-C on the terminal it hears from here alone, and once.
    child = spawn([sys.executable, "-m", "producers", *arguments], env=os.environ, cwd=PROJECT, log_path=None)
    try:
        with _passed_on(child, interruption, say):
            return child.wait()
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


@contextlib.contextmanager
def _passed_on(
    child: subprocess.Popen[bytes], interruption: Interruption, say: Callable[[str], None]
) -> Iterator[None]:
    usual = signal.getsignal(signal.SIGINT)

    def ask(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, usual)
        interruption.requested = True
        child.send_signal(signal.SIGINT)
        say("interrupted: what was sent until now is followed to its end; Ctrl-C again ends at once")

    signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
