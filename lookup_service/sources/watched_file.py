"""Data loaded from a file that may be replaced while the service runs (written beside the old file, then renamed).

All sources that read a file use this class. Every few seconds the next access to the data starts a poll of the file's
inode, times and size. Polling and loading run in a thread, so no request waits for them. A file that cannot be used is
rejected once; a file that cannot be read is tried again; in both cases the loaded data stays in use. A file that is
overwritten in place, or written where the old one was removed, is loaded after it has not changed for a while, and
rejected if it changed during loading. ``load`` must therefore read the file completely and keep no reference to it.
"""

import asyncio
import os
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from lookup_service.sources.protocol import State

POLL_INTERVAL_S = 5.0
QUIET_S = 1.0
"""A file that is written in place counts as complete when it has not changed for this long."""
_TICK_NS = 10_000_000
"""Resolution of a file system's clock."""
CHECK_TIMEOUT_S = 0.4
"""Longest wait of a check for a poll: loading a large file takes longer than a readiness probe may take."""

Data = TypeVar("Data")
FileId = tuple[int, int, int, int]
ABSENT: FileId = (0, 0, 0, 0)

log = structlog.get_logger(__name__)


class UnusableFileError(Exception):
    """The file does not hold usable data. The message says why and contains no path."""


class WatchedFile(Generic[Data]):
    """Replaced data is dropped, not closed, because a lookup in progress may still read it."""

    def __init__(
        self,
        path: Path,
        load: Callable[[Path], Data],
        *,
        name: str,
        poll_interval_s: float = POLL_INTERVAL_S,
        quiet_s: float = QUIET_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Loads the file now. Raises OSError and what ``load`` raises, which should be UnusableFileError.

        ``load`` is called again in a thread for every later version of the file; ``name`` is the source's, for the log.
        """
        self._path = path
        self._load = load
        self._name = name
        self._poll_interval_s = poll_interval_s
        self._quiet_s = quiet_s
        self._clock = clock
        self._in_use = _file_id(path)  # read before loading, so that the next poll notices a file replaced in between
        self._data = load(path)
        self._release_inode = self._hold_inode()
        self._next_poll_at = clock() + poll_interval_s
        self._poll_task: asyncio.Task[None] | None = None
        self._rejected: FileId | None = None
        self._is_rejection_final = True
        """Whether the rejected file is not loaded again until it changes."""
        self.reloads = 0
        """Files taken into use after the first."""
        self.rejections = 0
        """Files that were rejected."""

    @property
    def data(self) -> Data:
        """The data in use. Access only on the event loop: it starts a poll when one is due, without waiting for it."""
        if self._clock() >= self._next_poll_at:
            self._start_poll()
        return self._data

    @property
    def state(self) -> State:
        """As found by the latest poll."""
        return "ok" if self._rejected is None else "refused_update"

    async def poll(self) -> None:
        """Polls now and returns when a replaced file has been loaded or rejected; joins a poll in progress."""
        # Shielded: cancelling one caller must not cancel the poll for the others.
        await asyncio.shield(self._poll_task or self._start_poll())

    async def check(self) -> State:
        """The state, after waiting up to :data:`CHECK_TIMEOUT_S` for a poll that is due or in progress."""
        if self._poll_task is not None or self._clock() >= self._next_poll_at:
            await asyncio.wait([self._poll_task or self._start_poll()], timeout=CHECK_TIMEOUT_S)
        return self.state

    async def close(self) -> None:
        """Waits for a poll in progress; may be called again."""
        self._next_poll_at = float("inf")
        if self._poll_task is not None:
            await asyncio.wait([self._poll_task])
        self._release_inode()

    def _hold_inode(self) -> Callable[[], object]:
        """Keeps the loaded file open; returns the function that closes it.

        Otherwise the file system could give the inode to the file renamed over it, which would then look like the old
        file overwritten in place.
        """
        try:
            return weakref.finalize(self, os.close, os.open(self._path, os.O_RDONLY | os.O_CLOEXEC))
        except OSError:  # the file was removed meanwhile
            return _no_op

    def _start_poll(self) -> asyncio.Task[None]:
        if self._poll_task is None:
            self._next_poll_at = self._clock() + self._poll_interval_s
            self._poll_task = asyncio.create_task(self._poll())
            self._poll_task.add_done_callback(self._on_poll_done)
        return self._poll_task

    def _on_poll_done(self, _task: asyncio.Task[None]) -> None:
        self._poll_task = None

    async def _poll(self) -> None:
        found = await asyncio.to_thread(_file_id, self._path)
        if found == self._in_use:
            self._rejected = None
        if found == self._in_use or (found == self._rejected and self._is_rejection_final):
            return
        is_in_place = found[0] == self._in_use[0] or _was_just_written(found, self._quiet_s)
        if is_in_place and not await self._is_quiet(found):
            return  # still being written; the next poll tries again
        try:
            data = await asyncio.to_thread(self._load, self._path)
            if await asyncio.to_thread(_file_id, self._path) != found:
                raise UnusableFileError("it changed while it was read")  # rejected in the same place as other faults
        except Exception as error:  # a malformed file can make a parser raise anything; the loaded data stays
            self._is_rejection_final = not isinstance(error, OSError)  # a full disk, for example, is not a bad file
            if found == self._rejected:
                return
            self._rejected = found
            self.rejections += 1
            # Messages of other exceptions may quote the file or its path.
            reason = str(error) if isinstance(error, UnusableFileError) else type(error).__name__
            log.warning("file_refused", source=self._name, reason=reason)
            return
        self._data, self._in_use, self._rejected = data, found, None
        self._release_inode()
        self._release_inode = self._hold_inode()
        self.reloads += 1
        log.info("file_reloaded", source=self._name)

    async def _is_quiet(self, found: FileId) -> bool:
        await asyncio.sleep(self._quiet_s)
        return await asyncio.to_thread(_file_id, self._path) == found


def _was_just_written(file: FileId, quiet_s: float) -> bool:
    """Whether the latest change of the file was a write (a rename changes only the ctime) within ``quiet_s``."""
    _, written_ns, changed_ns, _ = file
    return changed_ns - written_ns < _TICK_NS and abs(time.time_ns() - written_ns) < quiet_s * 1e9


def _no_op() -> None:
    """No file is open, so there is none to close."""


def _file_id(path: Path) -> FileId:
    """Changes with the file and with its permissions. An absent file has the id ``ABSENT``; loading it then raises."""
    try:
        stat = path.stat()
    except OSError:
        return ABSENT
    return stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size
