"""Small files become one, whatever happens in between."""

import os
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake.compact import Compacted, compact
from lake.files import data_files, duckdb_view

OLD = time.time() - 7200


def _hour(root: Path, hour: str = "07") -> Path:
    folder = root / "purpose=analytics" / "day=2024-05-01" / f"hour={hour}"
    folder.mkdir(parents=True)
    return folder


def _file(path: Path, ids: list[str], **more: list[int]) -> None:
    pq.write_table(pa.table({"event_id": ids, **more}), path)


def _age(folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, (OLD, OLD))


def _rows(root: Path) -> list[tuple[str, int | None]]:
    with duckdb.connect() as connection:
        connection.execute(duckdb_view(root))
        return sorted(connection.execute("SELECT event_id, quantity FROM events").fetchall())


@pytest.fixture
def hour(tmp_path: Path) -> Path:
    folder = _hour(tmp_path)
    _file(folder / "part-1", ["a", "b"])
    _file(folder / "part-2", ["c"], quantity=[3])
    (folder / "_SUCCESS").touch()
    _age(folder)
    return folder


ROWS = [("a", None), ("b", None), ("c", 3)]


def test_small_files_become_one_and_columns_are_joined_by_name(tmp_path: Path, hour: Path) -> None:
    assert compact(tmp_path) == Compacted(hours=1, before=2, after=1)
    assert len(data_files(tmp_path)) == 1
    assert _rows(tmp_path) == ROWS
    assert (hour / "_SUCCESS").exists()
    assert compact(tmp_path) == Compacted(0, 0, 0)


def test_large_files_stay(tmp_path: Path, hour: Path) -> None:
    assert compact(tmp_path, small_mb=0) == Compacted(0, 0, 0)
    assert len(data_files(tmp_path)) == 2


@pytest.mark.parametrize("name", [".part-3.inprogress.x", "part-3"])
def test_an_hour_that_is_still_written_to_stays(tmp_path: Path, hour: Path, name: str) -> None:
    (hour / name).touch()
    assert compact(tmp_path) == Compacted(0, 0, 0)


def test_an_hour_without_its_marker_stays(tmp_path: Path, hour: Path) -> None:
    (hour / "_SUCCESS").unlink()
    assert compact(tmp_path) == Compacted(0, 0, 0)


@pytest.mark.parametrize("step", range(8))
def test_a_crash_at_any_step_loses_and_doubles_nothing(
    tmp_path: Path, hour: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every change to the file system is cut off in turn; the next run ends with the same rows."""
    left = step

    def counting(name: str) -> None:
        original = getattr(Path, name)

        def change(self: Path, *arguments: object, **keywords: object) -> object:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            return original(self, *arguments, **keywords)

        monkeypatch.setattr(Path, name, change)

    with monkeypatch.context():
        for name in ("unlink", "replace", "write_bytes"):
            counting(name)
        try:
            compact(tmp_path)
            crashed = False
        except KeyboardInterrupt:
            crashed = True
        monkeypatch.undo()
    assert crashed == (step < 7)
    compact(tmp_path, now=time.time() + 7200)
    assert _rows(tmp_path) == ROWS
    assert len(data_files(tmp_path)) == 1
    assert not [path for path in hour.iterdir() if path.name.startswith(".")]
