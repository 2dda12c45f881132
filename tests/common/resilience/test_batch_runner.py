"""Batches run with a limit, and work that is queued meanwhile goes into later, larger batches."""

import asyncio
from collections import deque

import pytest

from common.resilience.batch_runner import BatchRunner

pytestmark = pytest.mark.anyio


class Queue:
    """Numbers, taken in batches of at most ten; a batch runs until the test releases it."""

    def __init__(self, *, max_running: int) -> None:
        self.waiting: deque[int] = deque()
        self.started: list[list[int]] = []
        self.may_end = asyncio.Event()
        self.runner = BatchRunner(self._take, self._run, max_running=max_running)

    def put(self, *numbers: int) -> None:
        self.waiting.extend(numbers)
        self.runner.schedule()

    def _take(self) -> list[int] | None:
        return [self.waiting.popleft() for _ in range(min(10, len(self.waiting)))] or None

    async def _run(self, batch: list[int]) -> None:
        self.started.append(batch)
        await self.may_end.wait()


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_is_queued_in_one_turn_of_the_event_loop_is_one_batch() -> None:
    queue = Queue(max_running=4)
    for number in range(5):
        queue.put(number)
    assert queue.started == []
    await turns()
    assert queue.started == [[0, 1, 2, 3, 4]]
    await queue.runner.close()


async def test_at_the_limit_work_gathers_for_the_next_batch() -> None:
    queue = Queue(max_running=2)
    for number in range(6):
        queue.put(number)
        await turns()
    assert queue.started == [[0], [1]]
    queue.may_end.set()
    await turns()
    assert queue.started == [[0], [1], [2, 3, 4, 5]]
    await queue.runner.close()


async def test_more_work_than_one_batch_holds_starts_several() -> None:
    queue = Queue(max_running=4)
    queue.put(*range(25))
    await turns()
    assert [len(batch) for batch in queue.started] == [10, 10, 5]
    await queue.runner.close()


async def test_a_schedule_without_work_starts_nothing() -> None:
    queue = Queue(max_running=4)
    queue.put()
    await turns()
    assert queue.started == []
    queue.put(1)
    await turns()
    assert queue.started == [[1]]
    await queue.runner.close()


async def test_close_cancels_what_runs() -> None:
    queue = Queue(max_running=1)
    queue.put(1)
    await turns()
    async with asyncio.timeout(5):
        await queue.runner.close()
    assert queue.started == [[1]]
