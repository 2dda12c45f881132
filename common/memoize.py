"""Memory for functions of texts that others send: bounded in characters, not in entries alone.

A cache of 65,536 texts of 8,192 characters each would be the whole memory of a task. Texts that repeat are short; a
longer one is worked out anew each time.
"""

from collections.abc import Callable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
LONGEST = 256
"""Characters of a text that is remembered."""


class _Results(dict[str, T]):
    """A look-up that finds the text runs no Python: half the time of a function around ``lru_cache``."""

    __slots__ = ("_function", "_longest", "_most")

    def __init__(self, function: Callable[[str], T], most: int, longest: int) -> None:
        super().__init__()
        self._function, self._most, self._longest = function, most, longest

    def __missing__(self, text: str) -> T:
        result = self._function(text)
        if len(text) <= self._longest:
            if len(self) >= self._most:  # the older half goes
                for old in list(islice(self, (self._most + 1) // 2)):
                    self.pop(old, None)
            self[text] = result
        return result


def remembered(most: int, longest: int = LONGEST) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """The decorator: results of ``most`` texts of up to ``longest`` characters are kept, and the older half is
    forgotten when there are more.
    """

    def decorated(function: Callable[[str], T]) -> Callable[[str], T]:
        return _Results(function, most, longest).__getitem__

    return decorated
