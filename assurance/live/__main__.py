"""``python -m assurance.live``: shows what the pipeline emits, on the terminal, until Ctrl-C."""

import sys
import time
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from assurance.live.frame import frame
from assurance.live.live_counts import LiveCounts
from assurance.live.outputs import follow_outputs
from common.cli.shutdown import stop_on_signals
from common.kafka.topic_reader import TopicUnavailable

_FRAME_S = 0.5
_WIDTH = 120
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    bootstrap_servers: Annotated[str | None, typer.Option(help="Kafka brokers; default: those of make up.")] = None,
    seconds: Annotated[float, typer.Option(min=0, help="End after this many seconds; 0: run until Ctrl-C.")] = 0,
    picture: Annotated[Path | None, typer.Option(help="Save the last frame to this file, as SVG.")] = None,
) -> None:
    """Follow the output topics from now on, including uncommitted records. Exit code 1: the topics cannot be read."""
    try:
        counts = _follow(bootstrap_servers, seconds, Console())
    except TopicUnavailable as error:
        print(f"live: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    if picture is not None:
        drawing = Console(record=True, width=_WIDTH, file=StringIO())
        drawing.print(frame(counts, time.time()))
        picture.write_text(drawing.export_svg(title="python -m assurance.live"))


def _follow(bootstrap_servers: str | None, seconds: float, console: Console) -> LiveCounts:
    with (
        stop_on_signals() as stop,
        follow_outputs(bootstrap_servers, "read_uncommitted") as reader,
        Live(console=console, auto_refresh=False) as live,
    ):
        shown = began = time.time()
        counts = LiveCounts(began)
        live.update(frame(counts, began), refresh=True)
        while not stop.requested and (not seconds or time.time() - began < seconds):
            batch = reader.batch(0.1)
            now = time.time()
            for message in batch:
                counts.add(message.topic(), message.value() or b"", now)
            if now - shown >= _FRAME_S:
                shown = now
                live.update(frame(counts, now), refresh=True)
        live.update(frame(counts, time.time()), refresh=True)
    return counts


if __name__ == "__main__":
    app(prog_name="python -m assurance.live")
