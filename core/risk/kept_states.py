"""States by key, forgotten when their key has been idle for long. Bounds the memory of a run over years."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

StateT = TypeVar("StateT")


class KeptStates(Generic[StateT]):
    """Time is that of the newest event. What is idle is found at the front of the order of use."""

    def __init__(self, make: Callable[[], StateT], idle_ms: int) -> None:
        self._make = make
        self._idle_ms = idle_ms
        self._states: dict[str, tuple[StateT, int]] = {}
        """In the order of use, with the newest time until the last one."""
        self._now = 0

    def use(self, key: str, at: int) -> StateT:
        """The key's state, a new one if it has none.

        :param at: time of the event, ms since 1970 UTC.
        """
        self._now = max(self._now, at)
        state = self._states.pop(key)[0] if key in self._states else self._make()
        self._states[key] = state, self._now
        self._forget()
        return state

    def get(self, key: str) -> StateT | None:
        """Without counting as a use."""
        found = self._states.get(key)
        return None if found is None else found[0]

    def drop(self, key: str) -> None:
        self._states.pop(key, None)

    def __len__(self) -> int:
        return len(self._states)

    def __iter__(self) -> Iterator[str]:
        return iter(self._states)

    def _forget(self) -> None:
        oldest = self._now - self._idle_ms
        while self._states[key := next(iter(self._states))][1] < oldest:
            del self._states[key]
