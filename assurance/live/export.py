"""``python -m assurance.live.export --port 9250``: what consumers see, as Prometheus metrics, until stopped.

It follows the output topics from their end on and reads committed, as a consumer that must see nothing twice.
"""

import sys
import time
from typing import Annotated

import typer

from assurance.live.brokers import NOTHING_UP, local_brokers
from assurance.live.outputs import OUTCOMES
from assurance.live.visible import Visible
from common.cli.metrics_server import LOOPBACK, serving
from common.cli.shutdown import stop_on_signals
from common.kafka.topic_reader import TopicReader, TopicUnavailable, end_offsets

_PATIENCE_S = 0.2
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help=__doc__)
def main(
    bootstrap_servers: Annotated[str | None, typer.Option(help="Kafka brokers; by default those of make up.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any; it is printed.")] = 9250,
    host: Annotated[str, typer.Option(help="The address to serve at.")] = LOOPBACK,
) -> None:
    """Exit code 1: the topics cannot be read, or the port is taken."""
    visible = Visible()
    try:
        servers = bootstrap_servers or local_brokers()
        if servers is None:
            raise TopicUnavailable(NOTHING_UP)
        start = end_offsets(servers, list(OUTCOMES))
        with (
            stop_on_signals() as stop,
            TopicReader(servers, list(OUTCOMES), isolation="read_committed", start=start) as reader,
            serving(visible.registry, port, host) as served,
        ):
            print(f"live: metrics at http://{host}:{served}/metrics", flush=True)
            while not stop.requested:
                batch = reader.batch(_PATIENCE_S)
                now_s = time.time()
                for message in batch:
                    visible.add(message.topic(), message.value() or b"", message.timestamp()[1], now_s)
    except (TopicUnavailable, OSError) as error:
        print(f"live: {error}", file=sys.stderr)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app(prog_name="python -m assurance.live.export")
