"""Types of values that several contracts share, and the marks for what is done with a value that does not fit."""

from typing import Annotated, Literal

import msgspec

WhenOdd = Literal["reject", "cut", "upper_case", "lower_case", "first_address", "refuse"]
"""What is done with an optional value that does not fit, where its type alone does not say. reject: the record is
invalid; cut: a text that is too long is cut; upper_case: a code in small letters is turned into capitals; lower_case:
one in capitals into small letters; first_address: the first public address of a list is kept; refuse: a flag that
cannot be read counts as false."""
WHEN_ODD = "when_odd"


def when_odd(rule: WhenOdd) -> msgspec.Meta:
    """The mark of a type in :data:`Annotated`."""
    return msgspec.Meta(extra={WHEN_ODD: rule})


def whole_text(pattern: str) -> msgspec.Meta:
    r"""A text that matches the pattern from end to end. Python's ``$`` would accept a line feed at the end, hence
    ``\Z``; :mod:`contracts.publishing.json_schemas` translates it for JSON Schema.
    """
    return msgspec.Meta(pattern=rf"^{pattern}\Z")


EpochMillis = Annotated[
    int,
    msgspec.Meta(ge=0, lt=4_102_444_800_000, description="ms since 1970 UTC, before 2100"),
    when_odd("reject"),
]
