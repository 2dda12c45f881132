"""The lake as DuckDB and Athena read it."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from contracts.events.columns import columns
from lake.files import athena_table, duckdb_view


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
