"""Counts what a lake holds: rows and event ids by purpose and day, read from the data files."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.store import Entry, LakeStore


class Count(NamedTuple):
    """``events`` is the number of distinct event ids. If it is below ``rows``, the lake has duplicates."""

    purpose: str
    day: str
    rows: int
    events: int
    files: int


def counts(lake: LakeStore) -> list[Count]:
    """One count for each purpose and day. Memory: the event ids of one day."""
    days: dict[tuple[str, str], list[Entry]] = {}
    for entry in lake.data_files():
        purpose, day, _ = _partition(entry)
        days.setdefault((purpose, day), []).append(entry)
    return [_count(lake, *purpose_and_day, files) for purpose_and_day, files in days.items()]


def event_ids(lake: LakeStore) -> dict[str, Counter[str | None]]:
    """Purpose → how often each event id occurs. Memory: all event ids of the lake."""
    found: dict[str, Counter[str | None]] = {}
    for entry in lake.data_files():
        for ids in _ids(lake, entry):
            found.setdefault(_partition(entry)[0], Counter()).update(ids.to_pylist())
    return found


def _count(lake: LakeStore, purpose: str, day: str, files: list[Entry]) -> Count:
    ids = pa.chunked_array([chunk for entry in files for chunk in _ids(lake, entry)], pa.string())
    return Count(purpose, day, len(ids), pc.count_distinct(ids, mode="all").as_py(), len(files))


def _ids(lake: LakeStore, entry: Entry) -> Iterator[pa.Array]:
    with lake.open(entry.path) as opened:
        yield from pq.read_table(opened, columns=["event_id"])["event_id"].cast(pa.string()).chunks


def _partition(entry: Entry) -> list[str]:
    """The values of purpose, day and hour in the path."""
    return [part.partition("=")[2] for part in entry.path.split("/")[:-1]]
