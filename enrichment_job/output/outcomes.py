"""Outcomes: what became of one event, as a value with all records that leave the job because of it.

The emitter and the hot path make outcomes, :mod:`enrichment_job.output.outcome_writer` writes them. The structs hold
no cycles, so the garbage collector need not track them (``gc=False``): one is made for every event.
"""

from typing import TypeAlias

import msgspec

from common.flink.output_record import OutputRecord


class Enriched(msgspec.Struct, frozen=True, gc=False):
    """The event goes to every purpose that accepts it."""

    records: list[OutputRecord]
    """One for each purpose, in the order of the policy; never empty."""
    tombstone: OutputRecord | None
    """For SUPPRESSED, where the subject has opted out and the purposes that need consent do not get the event."""
    is_partial: bool
    """A lookup timed out or failed."""
    is_repaired: bool
    """A field was repaired or left out; the records say which in ``field_errors``."""


class Pending(msgspec.Struct, frozen=True, gc=False):
    """The event waits for its lookups in Flink's state. It has another outcome later, on the cold path."""

    bucket: int
    packed: bytes
    """See :func:`enrichment_job.operators.pending_events.pack`."""


class Failed(msgspec.Struct, frozen=True, gc=False):
    """The record is no valid event, lacks an enrichment that a purpose requires, or met a bug."""

    record: OutputRecord
    is_partial: bool = False


class Late(msgspec.Struct, frozen=True, gc=False):
    """The event is older than the watermark by more than the allowed lateness."""

    record: OutputRecord


class Suppressed(msgspec.Struct, frozen=True, gc=False):
    """The subject has opted out and no purpose gets the event without consent: only the tombstone leaves."""

    tombstone: OutputRecord


class NoRecipients(msgspec.Struct, frozen=True, gc=False):
    """The subject has not opted out, and the policy sends events of this name to no purpose: nothing leaves."""


Outcome: TypeAlias = Enriched | Pending | Failed | Late | Suppressed | NoRecipients
