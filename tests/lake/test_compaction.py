"""Small files become one, whatever happens in between."""

import os
import time
from pathlib import Path

import duckdb
import pytest
from pyarrow.fs import LocalFileSystem

from lake.compaction import ABANDONED_S, Compacted, compact
from lake.files import data_files, duckdb_view
from lake.store import LakeStore, home
from tests.lake.lakes import CHANGES, HOUR, ROWS, Store, crash_and_go_on, fill, rows, write

LATER = time.time() + 7200
NOTHING = Compacted(0, 0, 0)


@pytest.fixture
def lake(tmp_path: Path) -> LakeStore:
    (tmp_path / HOUR).mkdir(parents=True)
    made = home(tmp_path)
    fill(made)
    return made


def test_small_files_become_one_and_columns_are_joined_by_name(tmp_path: Path, lake: LakeStore) -> None:
    assert compact(lake, now=LATER) == Compacted(hours=1, before=2, after=1)
    assert len(data_files(tmp_path)) == 1
    assert rows(lake) == ROWS
    with duckdb.connect() as connection:
        connection.execute(duckdb_view(tmp_path))
        assert sorted(connection.execute("SELECT event_id, quantity FROM events").fetchall()) == sorted(ROWS)
    assert (tmp_path / HOUR / "_SUCCESS").exists()
    assert compact(lake, now=LATER) == NOTHING


def test_large_files_stay(lake: LakeStore) -> None:
    assert compact(lake, small_mb=0, now=LATER) == NOTHING
    assert len(lake.data_files()) == 2


def test_an_hour_that_has_just_changed_stays(lake: LakeStore) -> None:
    assert compact(lake) == NOTHING


def test_an_hour_without_its_marker_stays(tmp_path: Path, lake: LakeStore) -> None:
    (tmp_path / HOUR / "_SUCCESS").unlink()
    assert compact(lake, now=LATER) == NOTHING


@pytest.mark.parametrize("name", [".uncompacted-part-3.inprogress.x", "_part-3_tmp_x"])
def test_what_the_job_may_still_take_up_keeps_its_hour_from_being_merged(
    tmp_path: Path, lake: LakeStore, name: str
) -> None:
    hidden = tmp_path / HOUR / name
    hidden.touch()
    assert compact(lake, now=LATER) == NOTHING
    os.utime(hidden, (0, LATER - ABANDONED_S - 1))
    assert compact(lake, now=LATER).hours == 1
    assert rows(lake) == ROWS
    assert hidden.exists()


def test_a_column_of_another_type_is_refused(lake: LakeStore) -> None:
    write(lake, f"{HOUR}/part-3", event_id=["d"], quantity=["three"])
    with pytest.raises(ValueError, match=f"{HOUR}: .*quantity"):
        compact(lake, now=LATER)
    assert len(lake.data_files()) == 3


@pytest.mark.parametrize("change", range(CHANGES))
def test_a_crash_at_any_change_loses_and_doubles_nothing(tmp_path: Path, lake: LakeStore, change: int) -> None:
    """Every change to the file system is cut off in turn; the next run ends with the same rows."""
    crash_and_go_on(LakeStore(Store(LocalFileSystem(), change), str(tmp_path)), lake, change, now=LATER)
