"""Whose state it is."""

from typing import NamedTuple

from contracts.sessions.sessionized import VisitorKind


class VisitorKey(NamedTuple):
    """Browser and account ids are told apart, though their texts may be equal."""

    kind: VisitorKind
    id: str
