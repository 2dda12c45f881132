"""Entry point: read the configuration, build the pipeline, submit it.

The configuration is the file named by ``APPLICATION_PROPERTIES``, by default where Managed Service for Apache Flink
puts it. An invalid one ends the program with exit code 2 and one line that names the key.
"""

import os
import sys
from pathlib import Path

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment

from applications.behaviour.config import load
from applications.behaviour.pipeline import build
from common.flink.property_groups import MANAGED_SERVICE_PROPERTIES, ConfigError


def main() -> None:
    try:
        config = load(Path(os.environ.get("APPLICATION_PROPERTIES", MANAGED_SERVICE_PROPERTIES)))
    except ConfigError as error:
        print(f"configuration: {error}", file=sys.stderr)
        sys.exit(2)
    # The one key that is set in code: the managed service allows it, and the operator's speed rests on it.
    settings = Configuration().set_string("python.execution-mode", "thread")
    env = StreamExecutionEnvironment.get_execution_environment(settings)
    build(env, config)
    env.execute(config.job.name)


if __name__ == "__main__":
    main()
