"""A question about many keys that one of them spoils: asked in halves, until the one is alone with its fault."""

import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

Answer = TypeVar("Answer")
Ask = Callable[[Sequence[str]], Awaitable[Mapping[str, Answer]]]
MOST_QUESTIONS = 64
"""In a row without an answer; three spoilt keys of a thousand take no more in all. After these, what is left is spoilt:
then it is hardly the keys.
"""
MOST_S = 1.0
"""So long it is asked again; nobody waits longer for the sake of one key."""


async def isolated(
    keys: Sequence[str], ask: Ask[Answer], spoils: tuple[type[Exception], ...]
) -> tuple[dict[str, Answer], list[str]]:
    """What ``ask`` answers, and the keys that it could not be asked for. Raises what is not among ``spoils``."""
    answers: dict[str, Answer] = {}
    spoilt: list[str] = []
    questions = 0
    until = time.monotonic() + MOST_S
    waiting: list[Sequence[str]] = [keys] if keys else []
    while waiting:
        group = waiting.pop()
        if questions == MOST_QUESTIONS or (questions and time.monotonic() > until):
            spoilt += group
            continue
        questions += 1
        try:
            answers.update(await ask(group))
            questions = 1
        except spoils:
            if len(group) == 1:
                spoilt += group
            else:
                if group is keys:  # spoilt keys that came together shall not hide that the others can be answered
                    group = random.sample(keys, len(keys))
                half = len(group) // 2
                waiting += [group[half:], group[:half]]
    return answers, spoilt
