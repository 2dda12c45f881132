"""Data read from a file that may be replaced while the service runs (written beside it, then renamed over it).

The one mechanism of every source over a file. A look at the file's inode, time and size is due every few seconds and is
started by whoever next asks for the data; looking and loading happen in a thread, so nobody waits for them. A file
that cannot be used is refused once, one that cannot be read is tried again, and what was loaded before stays. One that
is overwritten in place, or written where the old one was removed, is loaded when it has not changed for a while, and
again where it changed meanwhile: ``load`` must leave nothing that reads it later.
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

LOOK_EVERY_S = 5.0
QUIET_S = 1.0
"""A file that is written in its place is complete when it has been the same for so long."""
_TICK_NS = 10_000_000
"""A file system's clock is no finer."""
CHECK_WAITS_S = 0.4
"""So long a check waits for a look: one that loads a large file takes longer than whoever checks has."""

Data = TypeVar("Data")
FileId = tuple[int, int, int, int]
ABSENT: FileId = (0, 0, 0, 0)

log = structlog.get_logger(__name__)


class UnusableFileError(Exception):
    """The file does not hold what it should; the message says why and names no path."""


class WatchedFile(Generic[Data]):
    """Replaced data is dropped, not closed: a lookup that has begun may still be reading it."""

    def __init__(
        self,
        path: Path,
        load: Callable[[Path], Data],
        *,
        name: str,
        look_every_s: float = LOOK_EVERY_S,
        quiet_s: float = QUIET_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Load the file, now. Raises OSError, or what ``load`` raises, which should be UnusableFileError.

        ``load`` is called again in a thread for every later file; ``name`` is the source's, for the log.
        """
        self._path = path
        self._load = load
        self._name = name
        self._look_every_s = look_every_s
        self._quiet_s = quiet_s
        self._clock = clock
        self._in_use = _file_id(path)  # before loading: a file replaced in between is noticed at the next look
        self._data = load(path)
        self._held = self._hold()
        self._look_due = clock() + look_every_s
        self._looking: asyncio.Task[None] | None = None
        self._refused: FileId | None = None
        self._is_final = True
        """Whether what was refused is refused until it is another file."""
        self.reloads = 0
        """Files taken into use after the first."""
        self.refusals = 0
        """Files that were refused."""

    @property
    def data(self) -> Data:
        """What is in use. On the event loop only: starts a look when one is due, and does not wait for it."""
        if self._clock() >= self._look_due:
            self._start_look()
        return self._data

    @property
    def state(self) -> State:
        """As found by the latest look."""
        return "ok" if self._refused is None else "refused_update"

    async def look(self) -> None:
        """Look now, and return when a replaced file has been loaded or refused; a look under way is shared."""
        # Shielded: a caller that gives up must not stop the look for the others.
        await asyncio.shield(self._looking or self._start_look())

    async def check(self) -> State:
        """The state, after the look that is under way or due, if that does not take long."""
        if self._looking is not None or self._clock() >= self._look_due:
            await asyncio.wait([self._looking or self._start_look()], timeout=CHECK_WAITS_S)
        return self.state

    async def close(self) -> None:
        """End a look under way; may be called again."""
        self._look_due = float("inf")
        if self._looking is not None:
            await asyncio.wait([self._looking])
        self._held()

    def _hold(self) -> Callable[[], object]:
        """Keep the file's inode from being given to a file renamed over it, which would look overwritten in place; the
        result lets it go.
        """
        try:
            return weakref.finalize(self, os.close, os.open(self._path, os.O_RDONLY | os.O_CLOEXEC))
        except OSError:  # gone already
            return _nothing

    def _start_look(self) -> asyncio.Task[None]:
        if self._looking is None:
            self._look_due = self._clock() + self._look_every_s
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._looked)
        return self._looking

    def _looked(self, _task: asyncio.Task[None]) -> None:
        self._looking = None

    async def _look(self) -> None:
        found = await asyncio.to_thread(_file_id, self._path)
        if found == self._in_use:
            self._refused = None
        if found == self._in_use or (found == self._refused and self._is_final):
            return
        is_in_place = found[0] == self._in_use[0] or _was_just_written(found, self._quiet_s)
        if is_in_place and not await self._is_quiet(found):
            return  # still being written; the next look will see
        try:
            data = await asyncio.to_thread(self._load, self._path)
            if await asyncio.to_thread(_file_id, self._path) != found:
                raise UnusableFileError("it changed while it was read")  # one way of refusing
        except Exception as error:  # whatever a strange file makes a parser raise, the old data stays
            self._is_final = not isinstance(error, OSError)  # a full disk is no fault of the file
            if found == self._refused:
                return
            self._refused = found
            self.refusals += 1
            # Others' messages may quote the file or name its path.
            reason = str(error) if isinstance(error, UnusableFileError) else type(error).__name__
            log.warning("file_refused", source=self._name, reason=reason)
            return
        self._data, self._in_use, self._refused = data, found, None
        self._held()
        self._held = self._hold()
        self.reloads += 1
        log.info("file_reloaded", source=self._name)

    async def _is_quiet(self, found: FileId) -> bool:
        await asyncio.sleep(self._quiet_s)
        return await asyncio.to_thread(_file_id, self._path) == found


def _was_just_written(file: FileId, quiet_s: float) -> bool:
    """Whether the latest thing that happened to it, and not long ago, is that it was written, and not renamed."""
    _, written_ns, changed_ns, _ = file
    return changed_ns - written_ns < _TICK_NS and abs(time.time_ns() - written_ns) < quiet_s * 1e9


def _nothing() -> None:
    """Nothing is held."""


def _file_id(path: Path) -> FileId:
    """Changes with the file and with leave to read it; an absent file has one, too, and loading it says so."""
    try:
        stat = path.stat()
    except OSError:
        return ABSENT
    return stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size
