"""Memoizes functions of texts that others send, with a bound on entries and on the length of a text.

A cache of 65,536 texts of 8,192 characters each would fill a task's memory. Texts that repeat are short, so longer ones
are not cached and computed again each time.
"""

from collections.abc import Callable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
LONGEST = 256
"""The most characters of a cached text."""


class _Results(dict[str, T]):
    """A cache hit runs no Python code, which takes half the time of a function around ``lru_cache``."""

    __slots__ = ("_function", "_longest", "_most")

    def __init__(self, function: Callable[[str], T], most: int, longest: int) -> None:
        super().__init__()
        self._function, self._most, self._longest = function, most, longest

    def __missing__(self, text: str) -> T:
        result = self._function(text)
        if len(text) <= self._longest:
            if len(self) >= self._most:  # drop the older half
                for old in list(islice(self, (self._most + 1) // 2)):
                    self.pop(old, None)
            self[text] = result
        return result


def remembered(most: int, longest: int = LONGEST) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """Decorator: caches results of ``most`` texts of up to ``longest`` characters; drops the older half if full."""

    def decorated(function: Callable[[str], T]) -> Callable[[str], T]:
        return _Results(function, most, longest).__getitem__

    return decorated
