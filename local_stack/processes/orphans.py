"""Finds and stops orphans, processes that an earlier run left behind, and never anything else.

Each running process has a small JSON file. An orphan is a process whose launcher is gone. It counts as ours only when
its process id, its time of creation and its command line are those in the file: the kernel uses ids again, so an id
alone proves nothing.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psutil
import structlog

_STOP_S = 10.0
_CLOCK_SLACK_S = 0.05
_log = structlog.get_logger(__name__)


class PidRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One process: who it is and who started it. Times are seconds since 1970, as psutil gives them."""

    name: str
    pid: int
    create_time: float
    command: tuple[str, ...]
    launcher_pid: int
    launcher_create_time: float


def describe(name: str, pid: int, command: Sequence[str]) -> PidRecord:
    """The record of a process that this process has just started. Raises psutil.NoSuchProcess if it is gone."""
    return PidRecord(
        name=name,
        pid=pid,
        create_time=psutil.Process(pid).create_time(),
        command=tuple(command),
        launcher_pid=os.getpid(),
        launcher_create_time=psutil.Process().create_time(),
    )


def _alive(pid: int, create_time: float) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - create_time) < _CLOCK_SLACK_S
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def living(record: PidRecord) -> psutil.Process | None:
    """The process, if it still runs and is certain to be the recorded one."""
    process = _alive(record.pid, record.create_time)
    if process is None:
        return None
    try:
        command = tuple(process.cmdline())
    except psutil.Error:
        return None
    # The end only: until its exec a child's command line still begins with that of die_with_parent.
    return process if command[-len(record.command) :] == record.command else None


class PidRegistry:
    """The JSON files of one directory. Several launchers may use it at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def add(self, record: PidRecord) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._path(record)
        unfinished = path.with_suffix(".tmp")
        unfinished.write_bytes(msgspec.json.encode(record))
        unfinished.replace(path)

    def remove(self, record: PidRecord) -> None:
        self._path(record).unlink(missing_ok=True)

    def records(self) -> list[PidRecord]:
        found = []
        for path in sorted(self._directory.glob("*.json")):
            with contextlib.suppress(FileNotFoundError):
                try:
                    found.append(msgspec.json.decode(path.read_bytes(), type=PidRecord))
                except msgspec.DecodeError:
                    _log.warning("pid file is damaged, ignored", path=str(path))
        return found

    def stop_orphans(self) -> list[PidRecord]:
        """Stop the processes of dead launchers, remove the files of those that are gone; returns what was stopped."""
        stopped = []
        for record in self.records():
            if _alive(record.launcher_pid, record.launcher_create_time) is not None:
                continue
            process = living(record)
            if process is not None:
                _log.warning("orphan of an earlier run, stopping it", name=record.name, pid=record.pid)
                terminate(process)
                stopped.append(record)
            self.remove(record)
        return stopped

    def _path(self, record: PidRecord) -> Path:
        return self._directory / f"{record.name}-{record.pid}.json"


def terminate(process: psutil.Process, grace_s: float = _STOP_S) -> None:
    """SIGTERM, then SIGKILL after ``grace_s`` seconds; returns when the process is gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(grace_s)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(grace_s)
