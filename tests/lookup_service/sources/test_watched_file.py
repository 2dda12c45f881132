"""A replaced file is taken into use, a broken one is rejected, and no access waits for either."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lookup_service.sources.watched_file import POLL_INTERVAL_S, QUIET_S, UnusableFileError, WatchedFile

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


class Clock:
    """Seconds, moved by the test."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def load(path: Path) -> int:
    text = path.read_text()
    if text == "strange":
        raise KeyError(text)
    try:
        return int(text)
    except ValueError as error:
        raise UnusableFileError("not a number") from error


def replace(path: Path, content: str | bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(content if isinstance(content, bytes) else content.encode())
    time.sleep(0.02)  # more than the resolution of a file system's clock
    new.replace(path)


def move(old: Path, new: Path) -> None:
    old.rename(new)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "number").write_text("1")
    return tmp_path / "number"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def watched(path: Path, clock: Clock) -> AsyncIterator[WatchedFile[int]]:
    opened = WatchedFile(path, load, name="numbers", clock=clock)
    yield opened
    await opened.close()


async def test_a_replaced_file_is_taken_into_use_within_the_interval(
    watched: WatchedFile[int], path: Path, clock: Clock
) -> None:
    replace(path, "2")
    clock.now += POLL_INTERVAL_S - 0.1
    assert (watched.data, await watched.check(), watched.data) == (1, "ok", 1)
    clock.now += 0.1
    assert watched.data == 1  # the access starts a poll and does not wait for it
    assert await watched.check() == "ok"
    assert (watched.data, watched.reloads) == (2, 1)


async def test_check_polls_when_a_poll_is_due(watched: WatchedFile[int], path: Path, clock: Clock) -> None:
    replace(path, "2")
    clock.now += POLL_INTERVAL_S
    assert await watched.check() == "ok"
    assert watched.data == 2


@pytest.mark.parametrize("text", ["half a download", "strange", ""])
async def test_a_broken_file_is_rejected_once_and_the_old_data_stays(
    watched: WatchedFile[int], path: Path, text: str
) -> None:
    replace(path, text)
    for _ in range(3):
        await watched.poll()
    assert (watched.data, watched.state, watched.rejections, watched.reloads) == (1, "refused_update", 1, 0)
    replace(path, "3")
    await watched.poll()
    assert (watched.data, watched.state, watched.rejections, watched.reloads) == (3, "ok", 1, 1)


async def test_an_absent_file_is_rejected_until_the_same_one_is_back(watched: WatchedFile[int], path: Path) -> None:
    aside = path.with_suffix(".aside")
    move(path, aside)
    await watched.poll()
    await watched.poll()
    assert (watched.data, watched.state, watched.rejections) == (1, "refused_update", 1)
    move(aside, path)
    await watched.poll()
    assert (watched.data, watched.state) == (1, "ok")


async def test_one_poll_at_a_time_and_no_access_waits_for_it(path: Path, clock: Clock) -> None:
    may_end = threading.Event()
    loads: list[str] = []

    def slow(path: Path) -> int:
        loads.append(threading.current_thread().name)
        if len(loads) > 1:
            assert may_end.wait(30)
        return load(path)

    watched = WatchedFile(path, slow, name="numbers", clock=clock)
    replace(path, "2")
    for _ in range(3):
        clock.now += POLL_INTERVAL_S
        assert watched.data == 1
    may_end.set()
    await watched.check()
    assert watched.data == 2
    assert len(loads) == 2
    assert loads[1] != loads[0]  # loaded in another thread than the event loop's
    await watched.close()


async def test_a_closed_file_is_not_polled_and_may_be_closed_again(
    watched: WatchedFile[int], path: Path, clock: Clock
) -> None:
    clock.now += POLL_INTERVAL_S
    assert watched.data == 1
    await watched.close()
    await watched.close()
    replace(path, "2")
    clock.now += POLL_INTERVAL_S
    assert await watched.check() == "ok"
    assert watched.data == 1


async def test_the_first_file_must_be_usable(path: Path) -> None:
    replace(path, "nothing")
    with pytest.raises(UnusableFileError):
        WatchedFile(path, load, name="numbers")
    with pytest.raises(FileNotFoundError):
        WatchedFile(path.with_suffix(".absent"), load, name="numbers")


async def test_a_file_overwritten_in_place_is_not_loaded_until_it_is_quiet(path: Path, clock: Clock) -> None:
    watched = WatchedFile(path, load, name="numbers", clock=clock, quiet_s=1.0)
    write(path, "22")
    polling = asyncio.create_task(watched.poll())
    await asyncio.sleep(0.2)
    write(path, "333")
    await polling
    assert (watched.data, watched.state, watched.rejections) == (1, "ok", 0)
    await watched.poll()
    assert (watched.data, watched.reloads) == (333, 1)
    await watched.close()


async def test_a_file_written_where_the_old_one_was_removed_is_not_loaded_until_it_is_quiet(
    path: Path, clock: Clock
) -> None:
    watched = WatchedFile(path, load, name="numbers", clock=clock, quiet_s=0.2)
    move(path, path.with_suffix(".aside"))
    write(path, "22")
    polling = asyncio.create_task(watched.poll())
    await asyncio.sleep(0.1)
    write(path, "222")
    await polling
    assert (watched.data, watched.rejections) == (1, 0)
    await watched.poll()
    assert (watched.data, watched.reloads) == (222, 1)
    await watched.close()


async def test_renamed_files_are_loaded_at_once_even_if_inodes_are_reused(
    watched: WatchedFile[int], path: Path
) -> None:
    """A file system may give the inode of a removed file to the next one."""
    for number in range(2, 12):
        started = time.monotonic()
        replace(path, "half a download")
        await watched.poll()
        replace(path, str(number))
        await watched.poll()
        assert (watched.data, watched.state) == (number, "ok")
        assert time.monotonic() - started < QUIET_S


async def test_a_file_that_changes_while_it_is_read_is_rejected(path: Path) -> None:
    def changing(path: Path) -> int:
        found = load(path)
        if found == 2:
            write(path, "33")
        return found

    watched = WatchedFile(path, changing, name="numbers", quiet_s=0)
    replace(path, "2")
    await watched.poll()
    assert (watched.data, watched.state) == (1, "refused_update")
    await watched.poll()
    assert (watched.data, watched.state) == (33, "ok")
    await watched.close()


async def test_a_file_is_loaded_again_after_an_os_error(path: Path) -> None:
    is_full = False

    def load_from_disk(path: Path) -> int:
        if is_full:
            raise OSError("no space left on device")
        return load(path)

    watched = WatchedFile(path, load_from_disk, name="numbers")
    replace(path, "2")
    is_full = True
    for _ in range(3):
        await watched.poll()
    assert (watched.data, watched.state, watched.rejections) == (1, "refused_update", 1)
    is_full = False
    await watched.poll()
    assert (watched.data, watched.state, watched.reloads) == (2, "ok", 1)
    await watched.close()


async def test_a_check_does_not_wait_for_a_file_that_takes_long_to_load(path: Path, clock: Clock) -> None:
    may_end = threading.Event()

    def slow(path: Path) -> int:
        found = load(path)
        assert found == 1 or may_end.wait(30)
        return found

    watched = WatchedFile(path, slow, name="numbers", clock=clock)
    replace(path, "2")
    clock.now += POLL_INTERVAL_S
    started = time.monotonic()
    assert await watched.check() == "ok"
    assert time.monotonic() - started < 5
    assert watched.data == 1
    may_end.set()
    await watched.poll()
    assert watched.data == 2
    await watched.close()


def write(path: Path, content: str) -> None:
    """Overwrites the file in place."""
    path.write_text(content)
