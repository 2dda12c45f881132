"""Entry point: read the configuration, build the pipeline, submit it.

The configuration is the file named by ``APPLICATION_PROPERTIES``, by default where Managed Service for Apache
Flink puts it. A configuration that cannot be used ends with exit code 2 and one line that names the key.
"""

import os
import sys
from pathlib import Path

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment

from enrichment_job.config import ConfigError, load
from enrichment_job.pipeline import build

MANAGED_SERVICE_PROPERTIES = "/etc/flink/application_properties.json"


def main() -> None:
    try:
        config = load(Path(os.environ.get("APPLICATION_PROPERTIES", MANAGED_SERVICE_PROPERTIES)))
    except ConfigError as error:
        print(f"configuration: {error}", file=sys.stderr)
        sys.exit(2)
    # The one key that is set in code: the managed service allows it, and the hot path's speed rests on it.
    settings = Configuration().set_string("python.execution-mode", config.job.execution_mode)
    env = StreamExecutionEnvironment.get_execution_environment(settings)
    build(env, config)
    env.execute(config.job.name)


if __name__ == "__main__":
    main()
