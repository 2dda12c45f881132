"""One child process: started in its own session, watched until it is ready, stopped with everything it started."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from common.cli.log_tail import tail
from deploy.paths import PROJECT
from local_stack.errors import NotReadyError, ProcessExitedError
from local_stack.processes.memory import sampler
from local_stack.processes.orphans import PidRecord, PidRegistry, describe
from local_stack.processes.spawn import spawn

_POLL_S = 0.03


class ManagedProcess:
    """A process with a log and a readiness probe, which ends at the latest with this process.

    ``env`` is added to this process's environment. The process is in its own session, so Ctrl-C on the terminal does
    not reach it. The kernel kills it when this process dies.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log_path: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path = PROJECT,
        registry: PidRegistry | None = None,
        grace_s: float = 10.0,
    ) -> None:
        self.name = name
        self.command = tuple(command)
        self.log_path = log_path
        self._env = {**os.environ, **(env or {})}
        self._cwd = cwd
        self._registry = registry
        self._grace_s = grace_s
        self._child: subprocess.Popen[bytes] | None = None
        self._record: PidRecord | None = None
        self._finished = False

    @property
    def pid(self) -> int:
        """The process's id, also after the process has ended. Raises RuntimeError if it was never started."""
        if self._child is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: a signal of that number ended it."""
        return None if self._child is None else self._child.poll()

    @property
    def peak_rss_bytes(self) -> int:
        """Highest resident memory of the process and all that it started, in samples one second apart."""
        return 0 if self._child is None else sampler.peak_bytes(self._child.pid)

    def start(self) -> None:
        if self._child is not None:
            raise RuntimeError(f"{self.name} was started already")
        self._child = spawn(self.command, env=self._env, cwd=self._cwd, log_path=self.log_path)
        sampler.watch(self._child.pid)
        if self._registry is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                self._record = describe(self.name, self._child.pid, self.command)
                self._registry.add(self._record)

    def wait_ready(self, probe: Callable[[], bool], timeout_s: float) -> None:
        """Poll ``probe`` until it is true.

        Raises ProcessExitedError if the process ends first, NotReadyError after ``timeout_s``; both show the end of the
        log.
        """
        deadline = time.monotonic() + timeout_s
        while not probe():
            self.raise_if_exited()
            if time.monotonic() > deadline:
                raise NotReadyError(f"{self.name} was not ready after {timeout_s:g} s; {self._log_end()}")
            time.sleep(_POLL_S)

    def raise_if_exited(self) -> None:
        """Raises ProcessExitedError, with the end of the log, if the process has ended."""
        if self.exit_code is not None:
            log = self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
            raise ProcessExitedError(f"{self.name} ended with exit code {self.exit_code}; {self._log_end()}", log)

    def wait(self, timeout_s: float) -> int:
        """Wait until the process ends by itself; returns its exit code. Raises NotReadyError after ``timeout_s``."""
        if self._child is None:
            raise RuntimeError(f"{self.name} was not started")
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise NotReadyError(f"{self.name} still runs after {timeout_s:g} s; {self._log_end()}") from None
        finally:
            if not self.alive:
                self._ended()

    def stop(self) -> None:
        """SIGTERM to the group, SIGKILL after the grace time. Does nothing if the process has ended."""
        if self._child is None or self._finished:
            return
        self._signal_group(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(self._grace_s)
        self.kill_hard()

    def kill_hard(self) -> None:
        """SIGKILL to the whole group, as if the machine had crashed; returns when the process is gone."""
        if self._child is None or self._finished:
            return
        self._signal_group(signal.SIGKILL)
        self._child.wait()
        self._ended()
        # From now on the kernel may give the group's number to other processes.
        self._finished = True

    def _signal_group(self, number: signal.Signals) -> None:
        # Also after the process has ended, because it may have left others in its group.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _ended(self) -> None:
        sampler.unwatch(self.pid)
        if self._registry is not None and self._record is not None:
            self._registry.remove(self._record)

    def _log_end(self) -> str:
        return f"the end of {self.log_path}:\n{tail(self.log_path)}"
