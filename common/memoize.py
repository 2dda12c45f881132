"""Memory for functions of texts that others send: bounded in characters, not in entries alone.

A cache of 65,536 texts of 8,192 characters each would be the whole memory of a task. Texts that repeat are short; a
longer one is computed anew each time.
"""

from collections.abc import Callable, Hashable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
LONGEST = 256
"""Characters of a text that is remembered."""


class BoundedMemory(dict[K, T]):
    """Entries that were put there by :meth:`keep`. Reading is that of a dictionary, with no Python code in between."""

    __slots__ = ("_most",)

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: K, value: T) -> None:
        """Where there are ``most`` entries already, the older half goes."""
        if len(self) >= self._most:
            for old in list(islice(self, (self._most + 1) // 2)):
                self.pop(old, None)  # another thread may have been faster
        self[key] = value


class _Results(BoundedMemory[str, T]):
    """A look-up that finds the text runs no Python code: half the time of a function around ``lru_cache``."""

    __slots__ = ("_function", "_longest")

    def __init__(self, function: Callable[[str], T], most: int, longest: int) -> None:
        super().__init__(most)
        self._function, self._longest = function, longest

    def __missing__(self, text: str) -> T:
        result = self._function(text)
        if len(text) <= self._longest:
            self.keep(text, result)
        return result


def remembered(most: int, longest: int = LONGEST) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """The decorator: results of ``most`` texts of up to ``longest`` characters are kept, and the older half is
    forgotten when there are more.
    """

    def decorated(function: Callable[[str], T]) -> Callable[[str], T]:
        return _Results(function, most, longest).__getitem__

    return decorated
