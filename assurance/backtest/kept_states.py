"""States by key, forgotten when their key has been idle for long. Bounds the memory of a run over years."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

StateT = TypeVar("StateT")


class KeptStates(Generic[StateT]):
    """Time is the events' own, and must not go backwards by much: what is idle is found at the front of the order of
    use.
    """

    def __init__(self, make: Callable[[], StateT], idle_ms: int) -> None:
        self._make = make
        self._idle_ms = idle_ms
        self._states: dict[str, tuple[StateT, int]] = {}
        """In the order of use, with the time of the last one."""
        self._now = 0

    def use(self, key: str, at: int) -> StateT:
        """The key's state, a new one if it has none.

        :param at: time of the event, ms since 1970 UTC.
        """
        self._now = max(self._now, at)
        state, last = self._states.pop(key, None) or (self._make(), at)
        self._states[key] = state, max(at, last)
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
        while (key := next(iter(self._states))) and self._states[key][1] < oldest:
            del self._states[key]
