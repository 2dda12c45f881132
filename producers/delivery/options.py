"""The command line options of both commands."""

from pathlib import Path
from typing import Annotated

import typer

Servers = Annotated[str, typer.Option(help="Kafka brokers, host:port, separated by commas.")]
TopicName = Annotated[str, typer.Option(help="The topic to send to.")]
LingerMs = Annotated[float, typer.Option(min=0, max=10_000, help="How long a batch waits for more records, in ms.")]
SendLogFile = Annotated[
    Path | None, typer.Option(help="Append when each record was sent (see producers.delivery.send_log).")
]
Rate = Annotated[float, typer.Option(min=0, help="Records a second; 0: full speed.")]
Seed = Annotated[int, typer.Option(help="The same seed and options give the same records and Kafka keys.")]
Out = Annotated[Path | None, typer.Option(help="Write lines to this file (-: standard output) instead of Kafka.")]

MetricsPort = Annotated[
    int | None, typer.Option(min=0, max=65_535, help="Serve Prometheus metrics there while it runs (with Kafka).")
]
MetricsHost = Annotated[str, typer.Option(help="The address to serve metrics at.")]

DEFAULT_SERVERS = "127.0.0.1:9092"
DEFAULT_LINGER_MS = 5.0
