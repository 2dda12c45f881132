"""Entry point of the lake job: reads the configuration, defines the tables, submits the job.

The configuration is the file named by ``APPLICATION_PROPERTIES``, by default where Managed Service for Apache Flink
puts it. An invalid configuration ends the program with exit code 2 and one line that names the key. No Python runs for
an event: Flink's SQL planner generates Java code for the whole job.
"""

import os
import sys
from pathlib import Path

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from common.flink.property_groups import MANAGED_SERVICE_PROPERTIES, ConfigError
from contracts.events.columns import Column
from lake import sql
from lake.config import load
from lake.tables import written


def main(event: tuple[Column, ...] | None = None) -> None:
    """``event``: the columns to use instead of the present event's, for example those of an older version."""
    try:
        config = load(Path(os.environ.get("APPLICATION_PROPERTIES", MANAGED_SERVICE_PROPERTIES)))
    except ConfigError as error:
        print(f"configuration: {error}", file=sys.stderr)
        sys.exit(2)
    tables = StreamTableEnvironment.create(StreamExecutionEnvironment.get_execution_environment())
    tables.get_config().set("pipeline.name", config.lake.name)
    # One statement set is one job: events and sessions have the same checkpoints.
    inserts = tables.create_statement_set()
    for table in written(config.lake, event):
        tables.execute_sql(sql.source(config.kafka, config.lake, table))
        tables.execute_sql(sql.sink(config.lake, table))
        inserts.add_insert_sql(sql.insert(table))
    inserts.execute()


if __name__ == "__main__":
    main()
