"""Compaction: merges the small files of finished hours into one file each.

Each checkpoint completes files, so an hour gets new files with every checkpoint while it receives events. The job's own
compaction merges only the files of one checkpoint. This compaction merges all small files of an hour. It waits until
the hour has its ``_SUCCESS`` marker and has not changed for a while, so that the job has no open file there.

The steps are the same on a disk and in S3, and no reader ever sees a row twice:

1. write the merged file under a hidden name;
2. write the plan, which names the merged file and the files that it replaces. A crash before this step changes nothing
   for readers; after a later crash the next run completes the plan;
3. delete the replaced files, one by one;
4. give the merged file its visible name: on a disk by an atomic rename, in S3 by a copy and the deletion of the hidden
   object;
5. delete the plan.

Between steps 3 and 4 a reader misses rows of that hour, or fails to open a file that it has just seen in a listing.
After a crash there this lasts until the next run.

Of the sessions every version is kept. All versions of a session are in one hour, so a version that a higher one has
replaced could be left out there; but its deltas belong to the sums of ``session_records``, and it says how the session
came about. An hour of sessions that gets a correction later has a new small file, which the next run merges.
"""

import time
from dataclasses import dataclass

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from lake.store import SUCCESS, Entry, LakeStore
from lake.tables import SESSIONS_FOLDER

_PLAN = ".compaction.json"
_MERGED = ".merged-"
_BATCH_ROWS = 50_000
ABANDONED_S = 7 * 24 * 3600
"""The job can no longer need a hidden file that has not changed for this long: the topics keep no older events, so the
job could not resume from a checkpoint of that time."""


class _Plan(msgspec.Struct, frozen=True):
    merged: str
    """Name of the hidden file. Without the leading dot it is the final name."""
    replaces: list[str]


@dataclass(frozen=True)
class Compacted:
    """Result: number of merged hours, and of their files before and after."""

    hours: int
    before: int
    after: int


def compact_tables(lake: LakeStore, *, small_mb: float = 64, quiet_s: float = 3600) -> Compacted:
    """:func:`compact` for the events, and for the session records where the lake has them."""
    sessions = lake.below(SESSIONS_FOLDER)
    done = [
        compact(each, small_mb=small_mb, quiet_s=quiet_s) for each in (lake, sessions) if each is lake or each.exists()
    ]
    return Compacted(*(sum(column) for column in zip(*((d.hours, d.before, d.after) for d in done), strict=True)))


def compact(lake: LakeStore, *, small_mb: float = 64, quiet_s: float = 3600, now: float | None = None) -> Compacted:
    """Merges the small files of every finished hour of a table of the lake.

    :param small_mb: files below this size are small. An hour with a single small file stays as it is.
    :param quiet_s: an hour is merged only if it has not changed for this long.
    :param now: seconds since 1970 UTC; default: the present time.
    :raises ValueError: naming the hour, if a column has two types in it. Such files can neither be merged nor read
        together.
    """
    hours = before = after = 0
    now = time.time() if now is None else now
    for hour, found in lake.hours().items():
        entries = _resume(lake, hour, found)
        if not _is_finished(entries, now, quiet_s):
            continue
        files = [entry for entry in entries if entry.has_rows]
        small = [entry for entry in files if entry.bytes < small_mb * 2**20]
        if len(small) < 2:
            continue
        _merge(lake, hour, small)
        hours, before, after = hours + 1, before + len(files), after + len(files) - len(small) + 1
    return Compacted(hours, before, after)


def _is_finished(entries: list[Entry], now: float, quiet_s: float) -> bool:
    hidden = [entry for entry in entries if not entry.has_rows and entry.name != SUCCESS]
    if not any(entry.name == SUCCESS for entry in entries) or any(now - e.changed_s < ABANDONED_S for e in hidden):
        # The job still writes the hidden file, or will continue it after a restart.
        return False
    return all(now - entry.changed_s > quiet_s for entry in entries)


def _merge(lake: LakeStore, hour: str, small: list[Entry]) -> None:
    merged = f"{_MERGED}{time.time_ns()}.parquet"
    # Columns are merged by name, because some files may be older than a column.
    schema = _unified(hour, [_schema(lake, entry) for entry in small])
    with lake.create(f"{hour}/{merged}") as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for entry in small:
            with lake.open(entry.path) as opened, pq.ParquetFile(opened) as file:
                for batch in file.iter_batches(_BATCH_ROWS):
                    writer.write_table(_with_all_columns(pa.Table.from_batches([batch]), schema))
    lake.fsync(f"{hour}/{merged}")
    plan = _Plan(merged, [entry.name for entry in small])
    lake.write(f"{hour}/{_PLAN}", msgspec.json.encode(plan))
    _execute(lake, hour, plan, merged_exists=True)


def _schema(lake: LakeStore, entry: Entry) -> pa.Schema:
    with lake.open(entry.path) as opened:
        return pq.read_schema(opened)


def _unified(hour: str, schemas: list[pa.Schema]) -> pa.Schema:
    try:
        return pa.unify_schemas(schemas)
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise ValueError(f"{hour}: {error}") from error


def _with_all_columns(table: pa.Table, schema: pa.Schema) -> pa.Table:
    for field in schema:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(schema.names).cast(schema)


def _resume(lake: LakeStore, hour: str, entries: list[Entry]) -> list[Entry]:
    """Completes or undoes what an interrupted run left in this hour. Returns the hour's entries afterwards."""
    own = [entry for entry in entries if entry.name.startswith((_MERGED, _PLAN))]
    if not own:
        return entries
    names = {entry.name for entry in own}
    plan = _read_plan(lake, hour) if _PLAN in names else None
    if plan is not None:
        _execute(lake, hour, plan, merged_exists=plan.merged in names)
    else:
        # Without a plan nothing was replaced: the files are leftovers of a run that was interrupted before step 2.
        for entry in own:
            lake.delete(entry.path)
    return lake.hours().get(hour, [])


def _read_plan(lake: LakeStore, hour: str) -> _Plan | None:
    """None for an incomplete plan: no file is replaced before the whole plan is written."""
    try:
        return msgspec.json.decode(lake.read(f"{hour}/{_PLAN}"), type=_Plan)
    except msgspec.DecodeError:
        return None


def _execute(lake: LakeStore, hour: str, plan: _Plan, *, merged_exists: bool) -> None:
    for name in plan.replaces:
        lake.delete(f"{hour}/{name}")
    if merged_exists:
        lake.rename(f"{hour}/{plan.merged}", f"{hour}/{plan.merged.removeprefix('.')}")
    # Before the plan is deleted, so that the replaced files cannot reappear after a power failure.
    lake.fsync(hour)
    lake.delete(f"{hour}/{_PLAN}")
