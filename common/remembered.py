"""Memory for functions of texts that others send: bounded in characters, not in entries alone.

A cache of 65,536 texts of 8,192 characters each would be the whole memory of a task. Texts that repeat are short; a
longer one is worked out anew each time.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

T = TypeVar("T")
LONGEST = 256
"""Characters of a text that is remembered."""


def remembered(most: int, longest: int = LONGEST) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """The decorator: results of the ``most`` latest texts of up to ``longest`` characters are kept."""

    def decorated(function: Callable[[str], T]) -> Callable[[str], T]:
        known = lru_cache(most)(function)

        @wraps(function)
        def found(text: str) -> T:
            return known(text) if len(text) <= longest else function(text)

        return found

    return decorated
