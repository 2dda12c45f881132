"""``python -m assurance.live``: what comes out of the pipeline, on the terminal, until Ctrl-C. Beside ``make up``."""

import sys
import time
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from assurance.live.brokers import NOTHING_UP, local_brokers
from assurance.live.frame import frame
from assurance.live.outputs import OUTCOMES
from assurance.live.tally import LiveCounts
from common.cli.shutdown import stop_on_signals
from common.kafka.topic_reader import TopicReader, TopicUnavailable, end_offsets

_FRAME_S = 0.5
_WIDTH = 120
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    bootstrap_servers: Annotated[str | None, typer.Option(help="Kafka brokers; by default those of make up.")] = None,
    seconds: Annotated[float, typer.Option(min=0, help="End by itself after so long; 0: stay.")] = 0,
    picture: Annotated[Path | None, typer.Option(help="Save the last frame there, as SVG.")] = None,
) -> None:
    """Follow the output topics from now on, uncommitted records too. Exit code 1: they cannot be read."""
    servers = bootstrap_servers or local_brokers()
    if servers is None:
        print(f"live: {NOTHING_UP}", file=sys.stderr)
        raise typer.Exit(1)
    try:
        tally = _follow(servers, seconds, Console())
    except TopicUnavailable as error:
        print(f"live: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    if picture is not None:
        drawing = Console(record=True, width=_WIDTH, file=StringIO())
        drawing.print(frame(tally, time.time()))
        picture.write_text(drawing.export_svg(title="python -m assurance.live"))


def _follow(servers: str, seconds: float, console: Console) -> LiveCounts:
    outputs = list(OUTCOMES)
    start = end_offsets(servers, outputs)
    began = time.time()
    tally = LiveCounts(began)
    with (
        stop_on_signals() as stop,
        TopicReader(servers, outputs, isolation="read_uncommitted", start=start) as reader,
        Live(frame(tally, began), console=console, auto_refresh=False) as live,
    ):
        shown = began
        while not stop.requested and (not seconds or time.time() - began < seconds):
            batch = reader.batch(0.1)
            now = time.time()
            for message in batch:
                tally.add(message.topic(), message.value() or b"", now)
            if now - shown >= _FRAME_S:
                shown = now
                live.update(frame(tally, now), refresh=True)
        live.update(frame(tally, time.time()), refresh=True)
    return tally


if __name__ == "__main__":
    app(prog_name="python -m assurance.live")
