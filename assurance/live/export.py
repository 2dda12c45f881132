"""``python -m assurance.live.export --port 9250``: serves what consumers see as Prometheus metrics, until stopped.

It follows the output topics from their present ends on and reads committed, like a consumer that needs exactly-once.
"""

import sys
import time
from typing import Annotated

import typer

from assurance.live.outputs import follow_outputs
from assurance.live.visibility_metrics import VisibilityMetrics
from common.cli.metrics_server import LOOPBACK, serving
from common.cli.shutdown import stop_on_signals
from common.kafka.topic_reader import TopicUnavailable

_POLL_S = 0.2
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help=__doc__)
def main(
    bootstrap_servers: Annotated[str | None, typer.Option(help="Kafka brokers; default: those of make up.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any free port, which is printed.")] = 9250,
    host: Annotated[str, typer.Option(help="The address to serve at.")] = LOOPBACK,
) -> None:
    """Exit code 1: the topics cannot be read, or the port is in use."""
    metrics = VisibilityMetrics()
    try:
        with (
            stop_on_signals() as stop,
            follow_outputs(bootstrap_servers, "read_committed") as reader,
            serving(metrics.registry, port, host) as served,
        ):
            print(f"live: metrics at http://{host}:{served}/metrics", flush=True)
            while not stop.requested:
                batch = reader.batch(_POLL_S)
                now_s = time.time()
                for message in batch:
                    metrics.add(message.topic(), message.value() or b"", message.timestamp()[1], now_s)
    except (TopicUnavailable, OSError) as error:
        print(f"live: {error}", file=sys.stderr)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app(prog_name="python -m assurance.live.export")
