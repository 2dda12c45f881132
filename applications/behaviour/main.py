"""Entry point: read the configuration and the file of features, build the pipeline, submit it.

The configuration is the file named by ``APPLICATION_PROPERTIES``, by default where Managed Service for Apache Flink
puts it. An invalid one, or a feature that cannot be used, ends the program with exit code 2 and one line for each
problem.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment

from applications.behaviour.config import load
from applications.behaviour.pipeline import build
from applications.features.feature_file import idle_problem, problems_of, read_features
from common.flink.property_groups import MANAGED_SERVICE_PROPERTIES, ConfigError
from core.features.model import FeatureProblem


def main() -> None:
    properties, features = Path(os.environ.get("APPLICATION_PROPERTIES", MANAGED_SERVICE_PROPERTIES)), ""
    try:
        config = load(properties)
        if config.features.path:
            features = read_features(config.features.path, properties, *_application())
    except ConfigError as error:
        _refuse(f"configuration: {error}")
    if features and (problems := _problems(features, config.sessions.idle_ms)):
        _refuse(*(f"features: line {each.line}: {each.reason}" for each in problems))
    # The one key that is set in code: the managed service allows it, and the operator's speed rests on it.
    settings = Configuration().set_string("python.execution-mode", "thread")
    env = StreamExecutionEnvironment.get_execution_environment(settings)
    build(env, config, features)
    env.execute(config.job.name)


def _problems(features: str, idle_ms: int) -> tuple[FeatureProblem, ...]:
    if problems := problems_of(features):
        return problems
    other = idle_problem(features, idle_ms)
    return () if other is None else (other,)


def _refuse(*lines: str) -> NoReturn:
    print("\n".join(lines), file=sys.stderr)
    sys.exit(2)


def _application() -> tuple[Path, Path]:
    """Where the submitted program lies, and where the packages do: in an archive both are its root."""
    program = getattr(sys.modules["__main__"], "__file__", None) or __file__
    return Path(program).resolve().parent, Path(__file__).resolve().parents[2]


if __name__ == "__main__":
    main()
