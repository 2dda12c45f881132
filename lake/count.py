"""What is in a lake: rows and event ids, by purpose and day, read from the files themselves."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.store import Entry, LakeStore


class Count(NamedTuple):
    """``events``: distinct event ids. A lake in which they are fewer than the rows has doubles."""

    purpose: str
    day: str
    rows: int
    events: int
    files: int


def counts(lake: LakeStore) -> list[Count]:
    """By purpose and day; memory for one day's event ids at a time."""
    days: dict[tuple[str, str], list[Entry]] = {}
    for entry in lake.data_files():
        purpose, day, _ = _partition(entry)
        days.setdefault((purpose, day), []).append(entry)
    return [_count(lake, *place, files) for place, files in days.items()]


def event_ids(lake: LakeStore) -> dict[str, Counter[str | None]]:
    """Purpose → how often each event id is there; memory for all of them."""
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
    """The values of purpose, day and hour, as the path has them."""
    return [part.partition("=")[2] for part in entry.path.split("/")[:-1]]
