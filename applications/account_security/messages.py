"""What the job's operators send each other, packed, behind the key that receives it.

Each message that rests on rules names the rule set that the event was observed with, so that one set judges all of it
while rules change. Messages live in the job's own channels only: a savepoint has none of them.
"""

from typing import TypeAlias

import msgspec

from contracts.security.labels import Label
from contracts.security.verdicts import Flow, SubjectKind
from core.risk.observation import Observation, Part
from core.risk.subject.internal import INTERNAL, NotJudged


class Asked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """To a facet: count this event, and tell its subject what you know."""

    facet: str
    rules: str
    observed: Observation


class Opened(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="opened"):
    """To the subject: an event of yours, and the facets that were asked about it."""

    rules: str
    observed: Observation
    asked: tuple[str, ...]


class Told(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="told"):
    """To the subject: what a facet knows of an event of yours."""

    rules: str
    part: Part
    observed: Observation | None = None
    """Of the event that the facet was asked about; None where only an earlier answer has changed."""


class Labelled(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="labelled"):
    """To the subject: what somebody found out."""

    label: Label


class Unjudged(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="unjudged"):
    """To the subject: an event of yours that is not observed. Its verdict says why."""

    rules: str
    event_id: str
    at: int
    """``collector_tstamp``, ms since 1970 UTC."""
    flow: Flow
    subject_kind: SubjectKind
    subject_id: str
    why: NotJudged = INTERNAL


ToSubject: TypeAlias = Opened | Told | Labelled | Unjudged

encode = msgspec.msgpack.Encoder().encode
decode_asked = msgspec.msgpack.Decoder(Asked).decode
_decode_to_subject = msgspec.msgpack.Decoder(ToSubject).decode


def decode_to_subject(packed: bytes) -> ToSubject:
    """:raises msgspec.MsgspecError: for what is none of them."""
    message: ToSubject = _decode_to_subject(packed)
    return message
