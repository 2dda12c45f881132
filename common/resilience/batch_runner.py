"""Runs batches, at most so many at once. New work gathers in the owner's queue meanwhile, so batches grow with load."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

Batch = TypeVar("Batch")


class BatchRunner(Generic[Batch]):
    """Owns the tasks, not the queue: the owner decides what a batch is. For use on one event loop."""

    def __init__(
        self,
        take_batch: Callable[[], Batch | None],
        run: Callable[[Batch], Coroutine[Any, Any, None]],
        *,
        max_running: int,
    ) -> None:
        """``take_batch`` removes the next batch from the owner's queue and returns None when the queue is empty.

        ``run`` must deliver its own failures to its callers and not raise.
        """
        self._take_batch = take_batch
        self._run = run
        self._max_running = max_running
        self._running: set[asyncio.Task[None]] = set()
        self._is_scheduled = False

    def schedule(self) -> None:
        """Starts batches after this turn of the event loop, so that all work queued in the turn goes out together."""
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._start)

    async def close(self) -> None:
        """Cancels the running batches and waits for them to end."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _start(self) -> None:
        self._is_scheduled = False
        while len(self._running) < self._max_running and (batch := self._take_batch()) is not None:
            task = asyncio.create_task(self._run(batch))
            self._running.add(task)
            task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._start()
