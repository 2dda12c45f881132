"""``python -m assurance.end_to_end``: see :mod:`assurance.end_to_end.run`.

Exit codes: 0 balanced; 1 not balanced, or no event was enriched, late or suppressed; 2 the run could not start, or the
format of the input is unknown; 130 interrupted.
"""

import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import httpx
import structlog
import typer
from rich.console import Console

from assurance.end_to_end.options import OUTPUT, ReplayOptions
from assurance.end_to_end.producer_process import INTERRUPTED
from assurance.end_to_end.run import EndToEndRun, run
from assurance.reconciliation.reporting.report import report
from assurance.reconciliation.reporting.summary import write_summary
from assurance.reconciliation.security.truth import TruthError
from common.kafka.topic_reader import TopicUnavailable
from deploy.build.errors import SetupError
from deploy.profiles import LATENCY
from producers.access_log.formats import Format, NotUnderstood, recognise
from training.problems import TrainingError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _file(path: Path | None) -> Path | None:
    """Expands the tilde and checks the file. In ``make replay INPUT=~/access.log`` the shell does not expand it."""
    if path is None:
        return None
    with contextlib.suppress(RuntimeError):  # no such user: the name really begins with a tilde
        path = path.expanduser()
    if not path.exists():
        raise typer.BadParameter(f"file '{path}' does not exist.")
    if path.is_dir():
        raise typer.BadParameter(f"file '{path}' is a directory.")
    if not os.access(path, os.R_OK):
        raise typer.BadParameter(f"file '{path}' is not readable.")
    return path


@app.command()
def main(
    *,
    source: Annotated[Path | None, typer.Option("--input", callback=_file, help="A log to replay.")] = None,
    input_format: Annotated[Format, typer.Option("--format", help="auto: detect it.")] = Format.AUTO,
    events: Annotated[
        int,
        typer.Option(
            min=1, help="Events of the generated stream; the attacks and the past of their accounts come in addition."
        ),
    ] = 50_000,
    rate: Annotated[float, typer.Option(min=0, help="Events per second; 0: full speed.")] = 0,
    speed: Annotated[float, typer.Option(min=0, help="Replay the log this many times as fast as it was written.")] = 0,
    shift_to_now: Annotated[bool, typer.Option("--shift-to-now")] = False,
    seed: int = 1,
    checkpoint_interval_ms: Annotated[int, typer.Option(min=10)] = LATENCY.checkpoint_interval_ms,
    parallelism: Annotated[int, typer.Option(min=1, help="Task managers of one slot each.")] = 1,
    execution_mode: Annotated[Literal["thread", "process"], typer.Option()] = "thread",
    geoip_city: Annotated[Path | None, typer.Option(callback=_file, help="Your own city database.")] = None,
    applications: Annotated[bool, typer.Option(help="Run the stateful jobs, too: sessions, account security.")] = True,
    attacks: Annotated[int, typer.Option(min=0, help="Attacks and innocent look-alikes in a generated stream.")] = 12,
    started_ns: Annotated[int, typer.Option(hidden=True)] = 0,
) -> None:
    """Run events through the whole pipeline on this machine and prove that none was lost or duplicated."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    console = Console()
    if source is not None and isinstance(refused := recognise(source, input_format), NotUnderstood):
        console.print(f"the replay could not be run: {refused.message}", markup=False)
        sys.exit(2)
    options = ReplayOptions(
        input=source,
        input_format=input_format,
        events=events,
        rate=rate,
        speed=speed,
        shift_to_now=shift_to_now,
        seed=seed,
        checkpoint_interval_ms=checkpoint_interval_ms,
        parallelism=parallelism,
        partitions=max(2, parallelism),
        execution_mode=execution_mode,
        geoip_city_path=geoip_city,
        with_applications=applications,
        attacks=attacks if applications else 0,
        started_ns=started_ns,
    )
    try:
        done = run(options, console)
    except (SetupError, TopicUnavailable, TruthError, TrainingError, httpx.HTTPError) as error:
        console.print(f"the replay could not be run: {error}", markup=False)
        sys.exit(2)
    except KeyboardInterrupt:
        console.print("interrupted before the end: nothing is proven")
        sys.exit(INTERRUPTED)
    write_summary(done.summary, OUTPUT / "summary.json")
    console.print(report(done.summary, done.samples))
    console.print(f"summary: {OUTPUT / 'summary.json'}", soft_wrap=True)
    sys.exit(_exit_code(done, console))


def _exit_code(done: EndToEndRun, console: Console) -> int:
    summary = done.summary
    if summary.interrupted:
        return INTERRUPTED
    if not (sum(summary.enriched.values()) or summary.late or summary.suppressed):
        console.print("no event was understood: all of them failed" if summary.raw else "no event was sent")
        return 1
    applications = summary.applications is None or summary.applications.balanced
    return 0 if summary.balanced and applications and done.producer_exit_code == 0 else 1


if __name__ == "__main__":
    app()
