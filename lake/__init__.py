"""The lake: the enriched topics as Parquet files, partitioned by purpose, day and hour, each event exactly once."""
