"""``python -m producers replay INPUT``: a log's events once more."""

from pathlib import Path
from typing import Annotated

import typer

from contracts.topics import RAW
from producers import console, options
from producers.kafka_sink import ProduceSettings
from producers.pacing import by_log_time, by_rate
from producers.replay import Format, Problems, ReplaySettings, replay
from producers.run import RunSettings, run
from producers.serving import LOOPBACK
from producers.web_event import WebSite


def command(
    *,
    path: Annotated[Path, typer.Argument(metavar="INPUT", exists=True, dir_okay=False, help="A log, plain or gzip.")],
    log_format: Annotated[
        Format, typer.Option("--format", help="Raw events as JSON lines, or a web server's combined access log.")
    ] = Format.NDJSON,
    rate: options.Rate = 0.0,
    speed: Annotated[
        float, typer.Option(min=0, help="In the log's own time, so many times as fast (60: a minute a second).")
    ] = 0.0,
    shift_to_now: Annotated[bool, typer.Option("--shift-to-now", help="Move all times: the latest is now.")] = False,
    app_id: Annotated[str, typer.Option(help="context.app_id of the events made from an access log.")] = WebSite.app_id,
    site: Annotated[str, typer.Option(help="The origin that the paths in an access log belong to.")] = WebSite.site,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a line could not be parsed.")] = False,
    out: options.Out = None,
    bootstrap_servers: options.Servers = options.DEFAULT_SERVERS,
    topic: options.TopicName = RAW.name,
    linger_ms: options.LingerMs = options.DEFAULT_LINGER_MS,
    send_log: options.SendLogFile = None,
    metrics_port: options.MetricsPort = None,
    metrics_host: options.MetricsHost = LOOPBACK,
    seed: options.Seed = 1,
) -> None:
    """A log's events once more, with the collector times they had.

    With --speed, a device's wrong clock makes JSON events wait or hurry, unless they have a collector_tstamp.
    """
    if rate and speed:
        raise typer.BadParameter("--rate and --speed exclude each other")
    problems = Problems()
    settings = ReplaySettings(
        path=path, format=log_format, shift_to_now=shift_to_now, web_site=WebSite(app_id=app_id, site=site)
    )
    kafka = ProduceSettings(
        bootstrap_servers=bootstrap_servers, topic=topic, linger_ms=linger_ms, seed=seed, send_log=send_log
    )
    due = by_rate(rate) if rate else by_log_time(speed) if speed else None
    report = run(
        replay(settings, problems),
        RunSettings(due=due, out=out, kafka=kafka, metrics_port=metrics_port, metrics_host=metrics_host),
    )
    console.show_problems(problems)
    console.say(console.summary(report, {"unparsable": problems.unparsable}))
    incomplete = report.failed or problems.broken_input or (strict and problems.unparsable)
    raise typer.Exit(console.INCOMPLETE if incomplete else console.OK)
