"""The lake as DuckDB and Athena read it."""

from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from contracts.events.columns import columns
from contracts.sessions.records import SessionRecord
from lake.files import athena_sessions, athena_table, duckdb_session_views, duckdb_view


def test_a_column_that_no_file_has_is_null(tmp_path: Path) -> None:
    """So a new nullable field needs no rewrite of existing files."""
    folder = tmp_path / "purpose=analytics" / "day=2024-05-01" / "hour=07"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"event_id": ["a"], "collector_tstamp": [1_714_546_800_000]}), folder / "part-1")
    (folder / ".part-2.inprogress").write_bytes(b"not complete")
    (folder / "_SUCCESS").touch()
    with duckdb.connect() as connection:
        connection.execute(duckdb_view(tmp_path))
        asked = "SELECT event_id, geo_city, purpose, CAST(day AS VARCHAR), hour, epoch_ms(collector_time) FROM events"
        assert connection.execute(asked).fetchall() == [("a", None, "analytics", "2024-05-01", "07", 1_714_546_800_000)]
        described = connection.execute("DESCRIBE events").fetchall()
    assert [row[0] for row in described][: len(columns())] == [column.name for column in columns()]


def test_athena_has_every_column_and_the_partitions_of_the_path() -> None:
    ddl = athena_table("s3://bucket/lake/")
    for column in columns():
        assert f"  `{column.name}` " in ddl
    assert "'s3://bucket/lake/purpose=${purpose}/day=${day}/hour=${hour}/'" in ddl
    assert "`geo_latitude` double" in ddl


def test_a_session_is_its_highest_version_unless_it_counts_nothing(tmp_path: Path) -> None:
    """Also with a file that is older than most columns, and with files of events beside them."""
    folder = tmp_path / "sessions" / "day=2024-05-01" / "hour=07"
    folder.mkdir(parents=True)
    times = {"start_tstamp": [1_714_546_800_000], "end_tstamp": [1_714_546_801_000]}
    first = {"session_id": ["a"], "version": [2], "kind": ["end"], **times}
    pq.write_table(pa.table(first), folder / "part-1")
    later = {
        "session_id": ["a", "b", "b", "c", "c", "d", "d", "d"],
        "version": [1, 2, 1, 1, 2, 2, 1, 3],
        "kind": ["start", "superseded", "start", "start", "correction", "superseded", "start", "start"],
        "end_reason": [None, None, None, None, "opted_out", None, None, None],
    }
    pq.write_table(pa.table(later), folder / "part-2")
    (folder / "_SUCCESS").touch()
    with duckdb.connect() as connection:
        connection.execute(duckdb_session_views(tmp_path))
        asked = "SELECT session_id, version, channel, CAST(day AS VARCHAR), hour, epoch_ms(end_time) FROM sessions"
        assert connection.execute(f"{asked} ORDER BY 1").fetchall() == [
            ("a", 2, None, "2024-05-01", "07", 1_714_546_801_000),
            ("d", 3, None, "2024-05-01", "07", None),
        ]
        assert connection.execute("SELECT count(*) FROM session_records").fetchall() == [(9,)]
        described = [row[0] for row in connection.execute("DESCRIBE sessions").fetchall()]
    assert described[: len(columns(SessionRecord))] == [field.name for field in msgspec.structs.fields(SessionRecord)]


def test_a_condition_on_the_day_of_a_session_reads_that_day_only(tmp_path: Path) -> None:
    """The condition is known before the newest version is looked for, because all versions are in one directory."""
    for day in ("2024-05-01", "2024-05-02"):
        folder = tmp_path / "sessions" / f"day={day}" / "hour=07"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"session_id": [day], "version": [1], "kind": ["start"]}), folder / "part-1")
    with duckdb.connect() as connection:
        connection.execute(duckdb_session_views(tmp_path))
        ((_, plan),) = connection.execute(
            "EXPLAIN SELECT count(*) FROM sessions WHERE day = DATE '2024-05-02'"
        ).fetchall()
    assert "1/2" in plan, plan


def test_athena_has_the_session_records_and_a_view_of_the_sessions() -> None:
    ddl, view = athena_sessions("s3://bucket/lake/", database="mine")
    for column in columns(SessionRecord):
        assert f"  `{column.name}` " in ddl
        assert f'"{column.name}"' in view
    assert "'s3://bucket/lake/sessions/day=${day}/hour=${hour}/'" in ddl
    assert "purpose" not in ddl
    assert "`mine`.`session_records`" in ddl
    assert "PARTITION BY day, hour, session_id ORDER BY version DESC" in view
