"""Entry point of the lake job: read the configuration, lay out the tables, submit.

The configuration is the file named by ``APPLICATION_PROPERTIES``, by default where Managed Service for Apache Flink
puts it. A configuration that cannot be used ends with exit code 2 and one line that names the key. No Python runs
per event: the planner's own code does all of it.
"""

import os
import sys
from pathlib import Path

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from enrichment_job.config import ConfigError
from enrichment_job.main import MANAGED_SERVICE_PROPERTIES
from lake import sql
from lake.config import load


def main() -> None:
    try:
        config = load(Path(os.environ.get("APPLICATION_PROPERTIES", MANAGED_SERVICE_PROPERTIES)))
    except ConfigError as error:
        print(f"configuration: {error}", file=sys.stderr)
        sys.exit(2)
    tables = StreamTableEnvironment.create(StreamExecutionEnvironment.get_execution_environment())
    tables.get_config().set("pipeline.name", config.lake.name)
    tables.execute_sql(sql.source(config.kafka, config.lake))
    tables.execute_sql(sql.sink(config.lake))
    tables.execute_sql(sql.insert())


if __name__ == "__main__":
    main()
