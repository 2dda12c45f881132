"""A small lake for tests, in any store, and a file system that stops at a given change."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileSystem

from lake.compaction import compact
from lake.store import LakeStore

HOUR = "purpose=analytics/day=2024-05-01/hour=07"
ROWS: Counter[tuple[str, int | None]] = Counter([("a", None), ("b", None), ("c", 3)])
CHANGES = 15
"""Upper bound of the changes that a merge of :func:`fill`'s files makes. Every store needs fewer."""


class CutOff(BaseException):
    """A simulated power failure."""


class FailingFileSystem:
    """A file system that fails after ``changes`` changes. The failing one has no effect, or leaves a partial file."""

    def __init__(self, files: FileSystem, changes: int) -> None:
        self._files = files
        self._left = changes

    def __getattr__(self, name: str) -> object:
        change = getattr(self._files, name)
        if name not in {"open_output_stream", "move", "copy_file", "delete_file"}:
            return change
        return lambda *arguments: self._change(change, *arguments)

    def _change(self, change: Callable[..., Any], *arguments: str) -> object:
        self._count()
        done = change(*arguments)
        if change.__name__ == "open_output_stream":
            try:
                self._count()
            except CutOff:
                done.close()
                raise
        return done

    def _count(self) -> None:
        if self._left == 0:
            raise CutOff
        self._left -= 1


def fill(lake: LakeStore, hour: str = HOUR) -> None:
    """Write two small files of a finished hour. The second has an additional column."""
    write(lake, f"{hour}/part-1", event_id=["a", "b"])
    write(lake, f"{hour}/part-2", event_id=["c"], quantity=[3])
    with lake.create(f"{hour}/_SUCCESS"):
        pass


def write(lake: LakeStore, path: str, **table: list[Any]) -> None:
    with lake.create(path) as stream:
        pq.write_table(pa.table(table), stream)


def rows(lake: LakeStore) -> Counter[tuple[str, int | None]]:
    """The rows that a reader sees now."""
    found: Counter[tuple[str, int | None]] = Counter()
    for entry in lake.data_files():
        with lake.open(entry.path) as file:
            found.update((row["event_id"], row.get("quantity")) for row in pq.read_table(file).to_pylist())
    return found


def crash_and_resume(failing: LakeStore, lake: LakeStore, change: int, *, now: float) -> None:
    """Compaction of ``failing`` stops at a change; then compaction of the same lake, ``lake``, keeps every row."""
    try:
        compact(failing, now=now)
    except CutOff:
        assert change < CHANGES - 1
    assert rows(lake) <= ROWS, "a row is visible twice"
    compact(lake, now=now)
    assert rows(lake) == ROWS
    assert len(lake.data_files()) == 1
    assert sorted(entry.name for entry in lake.hours()[HOUR] if not entry.has_rows) == ["_SUCCESS"]
