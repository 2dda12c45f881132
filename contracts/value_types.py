"""Types of values that several contracts share, and the marks that say what becomes of a value that does not fit."""

from typing import Annotated, Literal

import msgspec

WhenOdd = Literal["reject", "cut", "upper_case", "first_address", "refuse"]
"""What becomes of an optional value that does not fit, where its type alone does not say. reject: the record is no
event; cut: a text that is too long is cut; upper_case: a code may come in small letters; first_address: of a list of
addresses the first public one stays; refuse: what cannot be read is a no."""
WHEN_ODD = "when_odd"


def when_odd(rule: WhenOdd) -> msgspec.Meta:
    """The mark of a type in :data:`Annotated`."""
    return msgspec.Meta(extra={WHEN_ODD: rule})


def whole_text(pattern: str) -> msgspec.Meta:
    r"""A text that the pattern describes from end to end: Python's ``$`` would let a last line feed pass. A JSON Schema
    has another name for ``\Z``, which :mod:`contracts.publishing.json_schemas` knows.
    """
    return msgspec.Meta(pattern=rf"^{pattern}\Z")


EpochMillis = Annotated[
    int,
    msgspec.Meta(ge=0, lt=4_102_444_800_000, description="ms since 1970 UTC, before 2100"),
    when_odd("reject"),
]
