"""Merges the small files of hours that are over: the lower bound of file sizes.

A checkpoint completes files, so an hour has as many as it had checkpoints; the job's own compaction merges only what
one checkpoint wrote. Here all small files of an hour become one, once the hour has its ``_SUCCESS`` and has been
quiet for a while, so that the job has nothing open in it.

The order is the same on a disk and in S3, and no reader ever sees a row twice:

1. the merged file is written under a hidden name;
2. the plan is: which file replaces which. Before it nothing is lost by a crash, after it the next run goes on;
3. the replaced files are deleted, one by one;
4. the merged file gets its name: on a disk at once, in S3 by a copy, then the hidden one is deleted;
5. the plan is deleted.

From 3 to 4 a reader misses rows of that hour, or is told that a file is gone which it has just seen listed. A crash
in there leaves it so until the next run.
"""

import time
from dataclasses import dataclass

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from lake.store import SUCCESS, Entry, LakeStore

_PLAN = ".compaction.json"
_MERGED = ".merged-"
_BATCH_ROWS = 50_000
ABANDONED_S = 7 * 24 * 3600
"""A hidden file that has not changed for so long is no longer the job's: the topics hold no more than this, so it
could not go on from there."""


class _Plan(msgspec.Struct, frozen=True):
    merged: str
    """Name of the hidden file; without its dot it is the final name."""
    replaces: list[str]


@dataclass(frozen=True)
class Compacted:
    """What was done: hours with something to merge, and files before and after in them."""

    hours: int
    before: int
    after: int


def compact(lake: LakeStore, *, small_mb: float = 64, quiet_s: float = 3600, now: float | None = None) -> Compacted:
    """Every finished hour of the lake. A file below ``small_mb`` is small; one small file alone is left.

    ValueError names an hour in which a column has two types: such files cannot be merged, or read together.
    """
    hours = before = after = 0
    now = time.time() if now is None else now
    for hour, found in lake.hours().items():
        entries = _finished(lake, hour, found)
        if not _is_over(entries, now, quiet_s):
            continue
        files = [entry for entry in entries if entry.has_rows]
        small = [entry for entry in files if entry.bytes < small_mb * 2**20]
        if len(small) < 2:
            continue
        _merge(lake, hour, small)
        hours, before, after = hours + 1, before + len(files), after + len(files) - len(small) + 1
    return Compacted(hours, before, after)


def _is_over(entries: list[Entry], now: float, quiet_s: float) -> bool:
    hidden = [entry for entry in entries if not entry.has_rows and entry.name != SUCCESS]
    if not any(entry.name == SUCCESS for entry in entries) or any(now - e.changed_s < ABANDONED_S for e in hidden):
        # A hidden file is one that the job still writes, or will take up again after a restart.
        return False
    return all(now - entry.changed_s > quiet_s for entry in entries)


def _merge(lake: LakeStore, hour: str, small: list[Entry]) -> None:
    merged = f"{_MERGED}{time.time_ns()}.parquet"
    # By name, and with every column that any of them has: they may be from before and after one was added.
    schema = _joined(hour, [_schema(lake, entry) for entry in small])
    with lake.create(f"{hour}/{merged}") as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for entry in small:
            with lake.open(entry.path) as opened, pq.ParquetFile(opened) as file:
                for batch in file.iter_batches(_BATCH_ROWS):
                    writer.write_table(_widened(pa.Table.from_batches([batch]), schema))
    lake.settle(f"{hour}/{merged}")
    plan = _Plan(merged, [entry.name for entry in small])
    lake.write(f"{hour}/{_PLAN}", msgspec.json.encode(plan))
    _carry_out(lake, hour, plan, merged_exists=True)


def _schema(lake: LakeStore, entry: Entry) -> pa.Schema:
    with lake.open(entry.path) as opened:
        return pq.read_schema(opened)


def _joined(hour: str, schemas: list[pa.Schema]) -> pa.Schema:
    try:
        return pa.unify_schemas(schemas)
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise ValueError(f"{hour}: {error}") from error


def _widened(table: pa.Table, schema: pa.Schema) -> pa.Table:
    for field in schema:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(schema.names).cast(schema)


def _finished(lake: LakeStore, hour: str, entries: list[Entry]) -> list[Entry]:
    """What an earlier run left undone, done; returns what lies in the hour then."""
    own = [entry for entry in entries if entry.name.startswith((_MERGED, _PLAN))]
    if not own:
        return entries
    names = {entry.name for entry in own}
    plan = _plan(lake, hour) if _PLAN in names else None
    if plan is not None:
        _carry_out(lake, hour, plan, merged_exists=plan.merged in names)
    else:
        # Without a plan nothing was replaced: what lies here is of a run that did not get so far.
        for entry in own:
            lake.delete(entry.path)
    return lake.hours().get(hour, [])


def _plan(lake: LakeStore, hour: str) -> _Plan | None:
    """None for one that is not whole: nothing is replaced before all of it is there."""
    try:
        return msgspec.json.decode(lake.read(f"{hour}/{_PLAN}"), type=_Plan)
    except msgspec.DecodeError:
        return None


def _carry_out(lake: LakeStore, hour: str, plan: _Plan, *, merged_exists: bool) -> None:
    for name in plan.replaces:
        lake.delete(f"{hour}/{name}")
    if merged_exists:
        lake.rename(f"{hour}/{plan.merged}", f"{hour}/{plan.merged.removeprefix('.')}")
    # Before the plan goes: what it replaces must not be there again after a loss of power.
    lake.settle(hour)
    lake.delete(f"{hour}/{_PLAN}")
