"""Entry point: read the configuration, build the pipeline, submit it.

The configuration is the file named by ``APPLICATION_PROPERTIES``, by default where Managed Service for Apache
Flink puts it. A configuration, policy or key ring that cannot be used ends with exit code 2 and one line that names
the key, or the policy's line.
"""

import os
import sys
from pathlib import Path

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment

from common.flink.property_groups import MANAGED_SERVICE_PROPERTIES, ConfigError
from contracts.purposes.load import load_purposes
from contracts.purposes.yaml_nodes import PolicyError
from core.privacy.key_ring import KeyRingError
from core.privacy.key_source import load_key_ring
from enrichment_job.config import crawler_lines, find_policy, load
from enrichment_job.pipeline import build


def main() -> None:
    properties = Path(os.environ.get("APPLICATION_PROPERTIES", MANAGED_SERVICE_PROPERTIES))
    try:
        config = load(properties)
        purposes = load_purposes(find_policy(config, properties, *_application()))
        crawlers = crawler_lines(config, properties, *_application())
        load_key_ring(config.privacy.keys_source)  # before the job is submitted, not when it runs
    except (ConfigError, PolicyError, KeyRingError) as error:
        print(f"configuration: {error}", file=sys.stderr)
        sys.exit(2)
    # The one key that is set in code: the managed service allows it, and the hot path's speed rests on it.
    settings = Configuration().set_string("python.execution-mode", config.job.execution_mode)
    env = StreamExecutionEnvironment.get_execution_environment(settings)
    build(env, config, purposes, crawlers)
    env.execute(config.job.name)


def _application() -> tuple[Path, Path]:
    """Where the submitted program lies, and where the packages do: in an archive both are its root."""
    program = getattr(sys.modules["__main__"], "__file__", None) or __file__
    return Path(program).resolve().parent, Path(__file__).resolve().parents[1]


if __name__ == "__main__":
    main()
