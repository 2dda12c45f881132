"""Merges the small files of hours that are over: the lower bound of file sizes.

A checkpoint completes files, so an hour has as many as it had checkpoints; the job's own compaction merges only what
one checkpoint wrote. Here all small files of an hour become one, once the hour has its ``_SUCCESS`` and has been
quiet for a while, so that the job has nothing open in it.

A crash in between loses and doubles nothing: the merged file is written hidden, the list of what it replaces is made
durable, and only then the old files go and the new one gets its name; the next run finishes what it finds listed.
A query of that very hour in the instant of the swap may miss rows: compact when nobody asks, or repeat the query.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

_PLAN = ".compaction.json"
_BATCH_ROWS = 50_000


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


def compact(root: Path, *, small_mb: float = 64, quiet_s: float = 3600, now: float | None = None) -> Compacted:
    """Every finished hour below ``root``. A file below ``small_mb`` is small; one small file alone is left."""
    hours = before = after = 0
    for hour in sorted(root.glob("purpose=*/day=*/hour=*")):
        _finish(hour)
        if not _is_over(hour, (now or time.time()) - quiet_s):
            continue
        files = _rows_in(hour)
        small = [path for path in files if path.stat().st_size < small_mb * 2**20]
        if len(small) < 2:
            continue
        _merge(hour, small)
        hours, before, after = hours + 1, before + len(files), after + len(files) - len(small) + 1
    return Compacted(hours, before, after)


def _is_over(hour: Path, before: float) -> bool:
    names = [path.name for path in hour.iterdir()]
    if "_SUCCESS" not in names or any(name.startswith(".") for name in names):
        # A hidden file is one that the job still writes, or will take up again after a restart.
        return False
    return all(path.stat().st_mtime < before for path in hour.iterdir())


def _rows_in(hour: Path) -> list[Path]:
    return sorted(path for path in hour.iterdir() if not path.name.startswith((".", "_")))


def _merge(hour: Path, small: list[Path]) -> None:
    merged = hour / f".merged-{time.time_ns()}.parquet"
    # By name, and with every column that any of them has: they may be from before and after one was added.
    schema = pa.unify_schemas([pq.read_schema(path) for path in small])
    with pq.ParquetWriter(merged, schema, compression="zstd") as writer:
        for path in small:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(_BATCH_ROWS):
                    writer.write_table(_widened(pa.Table.from_batches([batch]), schema))
    _sync(merged)
    plan = hour / _PLAN
    draft = hour / f"{_PLAN}.draft"
    draft.write_bytes(msgspec.json.encode(_Plan(merged.name, [path.name for path in small])))
    _sync(draft)
    draft.replace(plan)
    _sync(hour)
    _finish(hour)


def _widened(table: pa.Table, schema: pa.Schema) -> pa.Table:
    for field in schema:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(schema.names).cast(schema)


def _finish(hour: Path) -> None:
    plan_path = hour / _PLAN
    if not plan_path.exists():
        # Without a plan nothing was replaced: what lies here is of a run that did not get so far.
        for leftover in (*hour.glob(".merged-*"), hour / f"{_PLAN}.draft"):
            leftover.unlink(missing_ok=True)
        return
    plan = msgspec.json.decode(plan_path.read_bytes(), type=_Plan)
    for name in plan.replaces:
        (hour / name).unlink(missing_ok=True)
    hidden = hour / plan.merged
    if hidden.exists():
        hidden.replace(hour / plan.merged.removeprefix("."))
    _sync(hour)
    plan_path.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
