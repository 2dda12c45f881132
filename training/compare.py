"""``python -m training.compare``: whether the values that are served are those that SQL computes of the lake.

Of each entity a sample is compared, whose newest event is older than the margin: a younger one may be in the store and
not yet in the lake. Exit codes: 0 none differs; 1 some differ; 2 the lake or the service cannot be used.
"""

import sys
import time
from pathlib import Path
from typing import Annotated

import duckdb
import msgspec
import typer

from common.cli.metrics_server import LOOPBACK, serving
from common.cli.shutdown import Stop, stop_on_signals
from core.cel.durations import duration_ms
from core.features.model import FeatureSet
from training.comparison import Comparison, Online, compare
from training.comparison_metrics import ComparisonMetrics
from training.feature_file import SHIPPED, read_features
from training.offline.compute import OfflineFeatures
from training.offline.sources import SourceError, open_lake
from training.problems import TrainingError
from training.sampling import sampled
from training.served_values import LookupService

DIFFERENT, UNUSABLE = 1, 2
_POLL_S = 0.5

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _duration(text: str) -> int:
    found = duration_ms(text)
    if found is None:
        raise typer.BadParameter("no duration, such as 15m or 1h")
    return found


@app.command(help=__doc__)
def main(
    *,
    lake: Annotated[Path, typer.Option(help="A lake's directory, with the purpose behaviour and with sessions.")],
    url: Annotated[str, typer.Option(help="The lookup service.")] = "http://127.0.0.1:8080",
    api_key: Annotated[str, typer.Option(envvar="LOOKUP_API_KEY", help="With the scope features.")] = "",
    features: Annotated[Path, typer.Option(help="The declarations; those that jobs and service have.")] = SHIPPED,
    sample: Annotated[int, typer.Option(min=1, help="How many of each entity.")] = 1_000,
    margin: Annotated[str, typer.Option(metavar="DURATION", help="More than the lake is late.")] = "15m",
    every: Annotated[str, typer.Option(metavar="DURATION", help="Again and again, until it is stopped.")] = "",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Of the metrics, with --every.")] = 9260,
    host: Annotated[str, typer.Option(help="The address to serve metrics at.")] = LOOPBACK,
) -> None:
    """Compare the values of a sample of entities, as of now."""
    margin_ms, every_ms = _duration(margin), _duration(every) if every else 0
    try:
        declared = read_features(features)
        service = LookupService(url, api_key)
        if not every_ms:
            found = compared_now(service, declared, lake, sample, margin_ms)
            print(msgspec.json.encode(summary(found)).decode())
            raise typer.Exit(DIFFERENT if found.different else 0)
        metrics = ComparisonMetrics()
        with stop_on_signals() as stop, serving(metrics.registry, port, host) as served:
            print(f"comparison: metrics at http://{host}:{served}/metrics", flush=True)
            while not stop.requested:
                _round(metrics, service, declared, lake, sample, margin_ms)
                _wait(stop, every_ms / 1000)
    except (TrainingError, SourceError, OSError) as error:
        print(f"comparison: {error}", file=sys.stderr)
        raise typer.Exit(UNUSABLE) from error


def compared_now(online: Online, features: FeatureSet, lake: Path, sample: int, margin_ms: int) -> Comparison:
    """:raises TrainingError: the service cannot be used.
    :raises SourceError: the lake cannot.
    """
    now = time.time_ns() // 1_000_000
    try:
        with duckdb.connect() as database:
            open_lake(database, lake)
            asked = {name: sampled(database, features, name, now, sample, margin_ms) for name in features.entities}
            return compare(online, OfflineFeatures(database, features), asked, margin_ms)
    except duckdb.Error as error:  # such as a file that compaction has just merged
        raise SourceError(f"{lake}: {str(error).partition(chr(10))[0]}") from error


def summary(found: Comparison) -> dict[str, object]:
    """As it is printed."""
    return {
        **{name: getattr(found, name) for name in ("compared", "different", "moving", "absent")},
        "by_value": dict(found.by_value),
        "examples": found.examples,
    }


def _round(  # noqa: PLR0917  # what the command was given
    metrics: ComparisonMetrics, online: Online, features: FeatureSet, lake: Path, sample: int, margin_ms: int
) -> None:
    """One comparison. One that fails is told, and does not end the job."""
    try:
        found = compared_now(online, features, lake, sample, margin_ms)
    except (TrainingError, SourceError) as error:
        metrics.failed()
        print(f"comparison: {error}", file=sys.stderr, flush=True)
        return
    metrics.add(found)
    print(msgspec.json.encode(summary(found)).decode(), flush=True)


def _wait(stop: Stop, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not stop.requested and time.monotonic() < until:
        time.sleep(min(_POLL_S, seconds))


if __name__ == "__main__":
    app(prog_name="python -m training.compare")
