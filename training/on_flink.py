"""``python -m training.on_flink``: a training set in parts, by a Flink batch job.

An anchor's values depend on its own entity's events only. So the anchors are cut into parts, which Flink spreads over
its tasks, and each part is computed as ``python -m training.training_set`` does: by the same queries, in DuckDB, from
the Parquet files of the lake. A part that fails is computed again, twice at most, and replaces its file. Lake, anchors,
``--out`` and this environment must be at the same paths on each machine.

Exit codes: 0 done; 2 what is given cannot be used, or a part failed, with the reason in one line.
"""

import re
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from pyflink.common import Configuration, Types
from pyflink.datastream import RuntimeExecutionMode, StreamExecutionEnvironment

from training.anchors import read_anchors
from training.feature_file import SHIPPED, read_features
from training.offline.sources import SourceError, open_lake
from training.problems import TrainingError
from training.table_file import write
from training.training_set import read_names, training_set

_SETTINGS = {
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": "2",
    "restart-strategy.fixed-delay.delay": "1 s",
    "python.fn-execution.bundle.size": "1",  # a part is told when it is done, not with a thousand others
}

_PYTHON_ERROR = re.compile(r"^[a-z][\w.]*\.(\w+(?:Error|Exception): .*)$", re.MULTILINE)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Request:
    lake: Path
    anchors: Path
    out: Path
    """A directory: a file for each part."""
    features: Path
    names: str
    parts: int


def compute_part(request: Request, number: int) -> str:
    """What was written of one part.

    :raises Exception: :class:`training.problems.TrainingError`, or an error of DuckDB: Flink tries the part again.
    """
    declared = read_features(request.features)
    given = read_anchors(request.anchors, declared).part(number, request.parts)
    with duckdb.connect() as database:
        open_lake(database, request.lake)
        found = training_set(database, declared, given, read_names(request.names))
    path = request.out / f"part-{number:05d}-of-{request.parts:05d}.parquet"
    unfinished = path.with_name(f".{path.name}")
    write(found, unfinished)
    unfinished.replace(path)
    return f"{path}: {len(found):,} rows"


def build(env: StreamExecutionEnvironment, request: Request) -> None:
    """The whole job: numbers of parts ─▶ spread over the tasks ─▶ computed ─▶ told."""
    env.set_runtime_mode(RuntimeExecutionMode.BATCH)
    numbers = env.from_collection(list(range(1, request.parts + 1)), Types.INT())
    numbers.rebalance().map(partial(compute_part, request), output_type=Types.STRING()).name("parts").print()


@app.command(help=__doc__)
def main(
    *,
    lake: Annotated[Path, typer.Option(help="A lake's directory, with the purpose behaviour.")],
    anchors: Annotated[Path, typer.Option(help="CSV or Parquet: tstamp, a column for each entity's ids, any others.")],
    out: Annotated[Path, typer.Option(help="The directory of the parts' Parquet files.")],
    parts: Annotated[int, typer.Option(min=1, max=100_000, help="How many; one must fit into a task's machine.")],
    features: Annotated[Path, typer.Option(help="The declarations.")] = SHIPPED,
    names: Annotated[str, typer.Option(help="Comma-separated; default: all values of the anchors' entities.")] = "",
) -> None:
    """Compute a training set in parts."""
    request = Request(lake.absolute(), anchors.absolute(), out.absolute(), features.absolute(), names, parts)
    try:
        read_anchors(request.anchors, read_features(request.features))
        with duckdb.connect() as database:
            open_lake(database, request.lake)
        request.out.mkdir(parents=True, exist_ok=True)
    except (TrainingError, SourceError, OSError) as error:
        print(f"training set: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    settings = Configuration()
    for key, value in _SETTINGS.items():
        settings.set_string(key, value)
    env = StreamExecutionEnvironment.get_execution_environment(settings)
    env.set_python_executable(sys.executable)
    build(env, request)
    try:
        env.execute("clickstream-training-set")
    except Exception as error:  # of Java: its text has the traceback of the part, after all of Flink's
        print(f"training set: {_reason(str(error))}", file=sys.stderr)
        raise typer.Exit(2) from None


def _reason(text: str) -> str:
    found = _PYTHON_ERROR.findall(text)
    return found[-1] if found else f"the job failed: {text.partition(chr(10))[0]}"


if __name__ == "__main__":
    app(prog_name="python -m training.on_flink")
