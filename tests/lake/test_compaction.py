"""Compaction merges small files and loses no row, wherever it is interrupted."""

import os
import time
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import LocalFileSystem

from lake.compaction import ABANDONED_S, Compacted, compact, compact_tables
from lake.files import data_files, duckdb_view
from lake.store import LakeStore, open_lake_store
from tests.lake.lakes import CHANGES, HOUR, ROWS, FailingFileSystem, crash_and_resume, fill, rows, write

LATER = time.time() + 7200
NOTHING = Compacted(0, 0, 0)


@pytest.fixture
def lake(tmp_path: Path) -> LakeStore:
    (tmp_path / HOUR).mkdir(parents=True)
    store = open_lake_store(tmp_path)
    fill(store)
    return store


def test_small_files_are_merged_and_columns_are_matched_by_name(tmp_path: Path, lake: LakeStore) -> None:
    assert compact(lake, now=LATER) == Compacted(hours=1, before=2, after=1)
    assert len(data_files(tmp_path)) == 1
    assert rows(lake) == ROWS
    with duckdb.connect() as connection:
        connection.execute(duckdb_view(tmp_path))
        assert sorted(connection.execute("SELECT event_id, quantity FROM events").fetchall()) == sorted(ROWS)
    assert (tmp_path / HOUR / "_SUCCESS").exists()
    assert compact(lake, now=LATER) == NOTHING


def test_large_files_are_not_merged(lake: LakeStore) -> None:
    assert compact(lake, small_mb=0, now=LATER) == NOTHING
    assert len(lake.data_files()) == 2


def test_an_hour_that_has_just_changed_is_not_merged(lake: LakeStore) -> None:
    assert compact(lake) == NOTHING


def test_an_hour_without_its_marker_is_not_merged(tmp_path: Path, lake: LakeStore) -> None:
    (tmp_path / HOUR / "_SUCCESS").unlink()
    assert compact(lake, now=LATER) == NOTHING


@pytest.mark.parametrize("name", [".uncompacted-part-3.inprogress.x", "_part-3_tmp_x"])
def test_an_hour_with_a_file_that_the_job_may_still_continue_is_not_merged(
    tmp_path: Path, lake: LakeStore, name: str
) -> None:
    hidden = tmp_path / HOUR / name
    hidden.touch()
    assert compact(lake, now=LATER) == NOTHING
    os.utime(hidden, (0, LATER - ABANDONED_S - 1))
    assert compact(lake, now=LATER).hours == 1
    assert rows(lake) == ROWS
    assert hidden.exists()


def test_a_column_with_two_types_is_refused(lake: LakeStore) -> None:
    write(lake, f"{HOUR}/part-3", event_id=["d"], quantity=["three"])
    with pytest.raises(ValueError, match=f"{HOUR}: .*quantity"):
        compact(lake, now=LATER)
    assert len(lake.data_files()) == 3


def test_sessions_are_merged_beside_the_events_and_every_version_is_kept(tmp_path: Path, lake: LakeStore) -> None:
    hour = "day=2024-05-01/hour=07"
    (tmp_path / "sessions" / hour).mkdir(parents=True)
    sessions = lake.below("sessions")
    write(sessions, f"{hour}/part-1", session_id=["s", "t"], version=[1, 1])
    write(sessions, f"{hour}/part-2", session_id=["s"], version=[2], channel=["direct"])
    write(sessions, f"{hour}/_SUCCESS")
    long_ago = LATER - 20_000
    for file in tmp_path.rglob("*"):
        os.utime(file, (long_ago, long_ago))
    assert {entry.path.split("/")[0] for entry in lake.data_files()} == {HOUR.split("/")[0]}
    assert compact_tables(lake) == Compacted(hours=2, before=4, after=2)
    (merged,) = sessions.data_files()
    with sessions.open(merged.path) as file:
        found = pq.read_table(file).to_pylist()
    assert sorted((row["session_id"], row["version"], row["channel"]) for row in found) == [
        ("s", 1, None),
        ("s", 2, "direct"),
        ("t", 1, None),
    ]
    assert rows(lake) == ROWS


def test_a_lake_without_sessions_is_compacted(tmp_path: Path, lake: LakeStore) -> None:
    assert not lake.below("sessions").exists()
    assert compact_tables(lake, quiet_s=0) == Compacted(hours=1, before=2, after=1)


@pytest.mark.parametrize("change", range(CHANGES))
def test_a_crash_at_any_change_loses_and_duplicates_no_row(tmp_path: Path, lake: LakeStore, change: int) -> None:
    """Fails at each change to the file system in turn; the next run ends with the same rows."""
    crash_and_resume(LakeStore(FailingFileSystem(LocalFileSystem(), change), str(tmp_path)), lake, change, now=LATER)
