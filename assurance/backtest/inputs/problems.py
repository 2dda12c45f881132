"""What is wrong with an input, and what of it was left out."""

from dataclasses import dataclass


class InputError(Exception):
    """The input cannot be used. One line, for the user."""


@dataclass
class Skipped:
    """Filled while an input is read."""

    unreadable: int = 0
    """Records that are no events."""
    outside: int = 0
    """Events before or after the wanted time."""
