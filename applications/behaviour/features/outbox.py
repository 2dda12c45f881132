"""What is to be told of changed features: records of their topic, and writes to the store. Pure.

It is apart from the records of events, because the operator takes it only when the state is written.
"""

from typing import NamedTuple

from applications.features.records import erasing_record
from common.flink.output_record import ErasingRecord, OutputRecord
from core.features.model import EntityName


class Change(NamedTuple):
    """Of one entity in the store."""

    entity: EntityName
    entity_id: str
    newest_ms: int
    """Time of its newest event, ms since 1970 UTC."""
    packed: bytes | None
    """Its state; None: it is erased."""


class Outbox:
    def __init__(self) -> None:
        self.records: list[OutputRecord | ErasingRecord] = []
        self.changes: list[Change] = []
        """In order: a state may be put behind the erasure of an older one."""

    def put(self, entity: EntityName, entity_id: str, newest_ms: int, packed: bytes) -> None:
        self.changes.append(Change(entity, entity_id, newest_ms, packed))

    def erase(self, entity: EntityName, entity_id: str, now: int) -> None:
        """From store and topic."""
        self.changes.append(Change(entity, entity_id, 0, None))
        self.records.append(erasing_record(entity, entity_id, now))

    def take_records(self) -> list[OutputRecord | ErasingRecord]:
        taken, self.records = self.records, []
        return taken

    def take_changes(self) -> list[Change]:
        taken, self.changes = self.changes, []
        return taken

    def mark(self) -> tuple[int, int]:
        """How much there is: see :meth:`back_to`."""
        return len(self.records), len(self.changes)

    def back_to(self, mark: tuple[int, int]) -> None:
        """What came since is not told."""
        records, changes = mark
        del self.records[records:], self.changes[changes:]

    def clear(self) -> None:
        """A bug was met: nothing of it is told."""
        self.records, self.changes = [], []
