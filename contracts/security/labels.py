"""What people and other systems have found out about a judged event or its subject, on ``clickstream.labels.v1``.

A label is keyed by ``subject_id``, as the verdicts are.
"""

from typing import Annotated, Literal

import msgspec

from contracts.events.raw import EventId
from contracts.security.verdicts import SubjectKind

SCHEMA: Literal["clickstream.label/1"] = "clickstream.label/1"
Finding = Literal["confirmed_fraud", "false_positive", "challenge_passed", "challenge_failed", "erase"]
"""erase: the person's right to be forgotten; the job deletes everything that it keeps of the subject."""


class Label(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    schema: Literal["clickstream.label/1"]
    label_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    """Chosen by the sender; a label that comes again under the same id is ignored."""
    finding: Finding
    subject_kind: SubjectKind
    subject_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    event_id: EventId | None = None
    """The event that it is about; None: the subject as a whole. Only ``erase`` and ``confirmed_fraud`` may lack it."""
    labelled_tstamp: Annotated[int, msgspec.Meta(ge=0, lt=4_102_444_800_000)]
    """When it was found out, ms since 1970 UTC. The latest label of an event counts, and an account is under suspicion
    until a day after it. The job cannot compare it with a clock, because verdicts depend on no clock: whoever sends
    labels must set no time in the future."""
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """Who says so, such as ``fraud-team`` or ``challenge-service``."""
