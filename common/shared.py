"""Things that a process has once, however many operators use them: threads with connections of their own.

In thread mode all operators of a task manager are in one interpreter, each in its own thread.
"""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    def close(self) -> None: ...


ThingT = TypeVar("ThingT", bound=Closable)


class Shared(Generic[ThingT]):
    """Each thing by a key, with the number of its users; the last one to leave closes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._things: dict[Hashable, tuple[ThingT, int]] = {}

    def acquire(self, key: Hashable, make: Callable[[], ThingT]) -> ThingT:
        """Others that want one wait until it is made, or until making it has failed."""
        with self._lock:
            thing, users = self._things.get(key) or (make(), 0)
            self._things[key] = thing, users + 1
            return thing

    def release(self, key: Hashable) -> None:
        with self._lock:
            thing, users = self._things[key]
            if users > 1:
                self._things[key] = thing, users - 1
                return
            del self._things[key]
        thing.close()
