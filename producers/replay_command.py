"""``python -m producers replay INPUT``: a log's events once more."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from common.cli.metrics_server import LOOPBACK
from contracts.fixed_topics import RAW
from producers.access_log.formats import Format, NotUnderstood, Recognised, recognise
from producers.access_log.redating import dated_now
from producers.access_log.web_event import WebSite
from producers.delivery import console, options
from producers.delivery.kafka_sink import ProduceSettings
from producers.delivery.pacing import by_log_time, by_rate
from producers.delivery.run import RunSettings, run
from producers.delivery.topic_time import behind, newest_ms
from producers.replay import Problems, ReplaySettings, latest_ms, replay_as


def command(
    *,
    path: Annotated[
        Path,
        typer.Argument(metavar="INPUT", exists=True, dir_okay=False, help="A log, plain or gzip, bzip2, xz, zstd."),
    ],
    log_format: Annotated[
        Format, typer.Option("--format", help="auto: told by the first lines. ndjson: raw events. Else an access log.")
    ] = Format.AUTO,
    rate: options.Rate = 0.0,
    speed: Annotated[
        float, typer.Option(min=0, help="In the log's own time, so many times as fast (60: a minute a second).")
    ] = 0.0,
    shift_to_now: Annotated[bool, typer.Option("--shift-to-now", help="Move all times: the latest is now.")] = False,
    date_now: Annotated[bool, typer.Option("--dated-now", help="Date every event when it is sent.")] = False,
    keep_times: Annotated[
        bool, typer.Option("--keep-times", help="Send also what will be late beside what the topic has.")
    ] = False,
    app_id: Annotated[str, typer.Option(help="context.app_id of the events made from an access log.")] = WebSite.app_id,
    site: Annotated[
        str, typer.Option(help="The origin that the paths in an access log belong to, where it names no host.")
    ] = WebSite.site,
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
    source = recognise(path, log_format)
    if isinstance(source, NotUnderstood):
        console.say(f"error: {source.message}")
        raise typer.Exit(console.INCOMPLETE)
    console.say(f"layout: {source.layout}")
    if out is None and not date_now:
        _tell_if_late(source, path, bootstrap_servers, topic, shift_to_now=shift_to_now, go_on=keep_times)
    problems = Problems()
    settings = ReplaySettings(
        path=path, format=log_format, shift_to_now=shift_to_now, web_site=WebSite(app_id=app_id, site=site)
    )
    kafka = ProduceSettings(
        bootstrap_servers=bootstrap_servers, topic=topic, linger_ms=linger_ms, seed=seed, send_log=send_log
    )
    report = run(
        replay_as(source, settings, problems),
        RunSettings(
            due=by_rate(rate) if rate else by_log_time(speed) if speed else None,
            changed=dated_now if date_now else None,
            out=out,
            kafka=kafka,
            metrics_port=metrics_port,
            metrics_host=metrics_host,
        ),
    )
    console.show_problems(problems)
    if not problems.understood and report.interrupted is None:
        console.say(f"error: no line of {path.name} is an event")
    console.say(console.summary(report, {"unparsable": problems.unparsable}))
    complete = problems.understood and not problems.broken_input and not (strict and problems.unparsable)
    raise typer.Exit(console.exit_code(report, complete=bool(complete)))


def _tell_if_late(source: Recognised, path: Path, servers: str, topic: str, *, shift_to_now: bool, go_on: bool) -> None:
    """Raises typer.Exit where the log is old beside what the topic has, and nobody has said that this is meant."""
    newest = newest_ms(servers, topic)
    if newest is None:
        return
    now_ms = time.time_ns() // 1_000_000
    shift_ms = now_ms - latest_ms(source, path, now_ms) if shift_to_now else 0
    if not behind(source, path, shift_ms=shift_ms, newest=newest):
        return
    at = datetime.fromtimestamp(newest / 1000, UTC)
    refused = not (go_on or shift_to_now)
    console.say(
        f"{'error' if refused else 'warning'}: topic {topic} has events of {at:%Y-%m-%dT%H:%M:%SZ}, and most of "
        f"{path.name} is older: a job that has seen them sets it aside as late. "
        "--shift-to-now moves the log's end to now, --dated-now dates every event when it is sent"
        + (", --keep-times sends it as it is" if refused else "")
    )
    if refused:
        raise typer.Exit(console.REFUSED)
