"""What is wrong with a condition, and where."""

from typing import NamedTuple


class Position(NamedTuple):
    line: int
    column: int
    """Both from 1, in the condition's own text."""


class CelError(Exception):
    """The condition cannot be used. The message begins with the place."""

    def __init__(self, at: Position, reason: str) -> None:
        super().__init__(f"line {at.line}, column {at.column}: {reason}")
        self.at = at
        self.reason = reason
