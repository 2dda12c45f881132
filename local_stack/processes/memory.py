"""Peak resident memory of sessions of processes. One thread samples all of them, once a second."""

import contextlib
import os
import threading
import time

import psutil

INTERVAL_S = 1.0


class _Sampler:
    """Sums the resident memory of every process in the sessions it watches."""

    def __init__(self) -> None:
        self._peaks: dict[int, int] = {}
        self._watched: set[int] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self, session: int) -> None:
        with self._lock:
            self._watched.add(session)
            self._peaks[session] = 0
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="memory-sampler", daemon=True)
                self._thread.start()

    def unwatch(self, session: int) -> None:
        with self._lock:
            self._watched.discard(session)

    def peak_bytes(self, session: int) -> int:
        return self._peaks.get(session, 0)

    def sample(self) -> None:
        sums = dict.fromkeys(self._watched, 0)
        for pid in psutil.pids():
            with contextlib.suppress(OSError, psutil.Error):
                session = os.getsid(pid)
                if session in sums:
                    sums[session] += psutil.Process(pid).memory_info().rss
        for session, total in sums.items():
            self._peaks[session] = max(self._peaks.get(session, 0), total)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._watched:
                    self._thread = None
                    return
            self.sample()
            time.sleep(INTERVAL_S)


sampler = _Sampler()
"""One for this process, because one pass over the process table serves every watched session."""
