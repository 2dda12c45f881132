"""``python -m producers replay INPUT``: sends a log's events again."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from common.cli.metrics_server import LOOPBACK
from contracts.fixed_topics import RAW
from producers.access_log.formats import Format, NotUnderstood, Recognised, recognise
from producers.access_log.redating import dated_now
from producers.access_log.replay import ReadReport, ReplaySettings, latest_ms, replay_as
from producers.access_log.visitors import MIN_SALT_CHARACTERS, random_salt
from producers.access_log.web_event import WebSite
from producers.delivery import console, options
from producers.delivery.kafka_sink import ProduceSettings
from producers.delivery.pacing import by_log_time, by_rate
from producers.delivery.run import RunSettings, run
from producers.delivery.topic_time import is_mostly_late, newest_ms


def _salt(text: str) -> str:
    if len(text) < MIN_SALT_CHARACTERS:
        raise typer.BadParameter(f"shorter than {MIN_SALT_CHARACTERS} characters")
    return text


def command(
    *,
    path: Annotated[
        Path,
        typer.Argument(metavar="INPUT", exists=True, dir_okay=False, help="A log, plain or gzip, bzip2, xz, zstd."),
    ],
    log_format: Annotated[
        Format,
        typer.Option("--format", help="auto: detected from the first lines. ndjson: raw events. Else an access log."),
    ] = Format.AUTO,
    rate: options.Rate = 0.0,
    speed: Annotated[
        float, typer.Option(min=0, help="Keep the log's pace, this many times as fast (60: a minute a second).")
    ] = 0.0,
    shift_to_now: Annotated[
        bool, typer.Option("--shift-to-now", help="Move all times so that the latest is now.")
    ] = False,
    date_now: Annotated[
        bool, typer.Option("--dated-now", help="Give every event the time at which it is sent.")
    ] = False,
    keep_times: Annotated[
        bool, typer.Option("--keep-times", help="Send events that are late compared with those in the topic, too.")
    ] = False,
    app_id: Annotated[str, typer.Option(help="context.app_id of the events made from an access log.")] = WebSite.app_id,
    site: Annotated[str, typer.Option(help="Origin of the paths in an access log that names no host.")] = WebSite.site,
    visitor_salt: Annotated[
        str | None,
        typer.Option(
            parser=_salt,
            metavar="SECRET",
            envvar="VISITOR_SALT",
            help="Key of the visitors' ids that an access log's addresses and user agents give. The same salt gives "
            "the same ids. Default: random for each run.",
        ),
    ] = None,
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
    """Sends a log's events again, with their original collector times.

    With --speed, a JSON event without a collector_tstamp is paced by the device's clock, which may be wrong.
    """
    if rate and speed:
        raise typer.BadParameter("--rate and --speed exclude each other")
    source = recognise(path, log_format)
    if isinstance(source, NotUnderstood):
        console.say(f"error: {source.message}")
        raise typer.Exit(console.INCOMPLETE)
    console.say(f"layout: {source.layout}")
    if out is None and not date_now:
        _check_lateness(source, path, bootstrap_servers, topic, shift_to_now=shift_to_now, allow_late=keep_times)
    read = ReadReport()
    settings = ReplaySettings(
        path=path,
        format=log_format,
        shift_to_now=shift_to_now,
        web_site=WebSite(app_id=app_id, site=site),
        visitor_salt=random_salt() if visitor_salt is None else visitor_salt.encode(),
    )
    kafka = ProduceSettings(
        bootstrap_servers=bootstrap_servers, topic=topic, linger_ms=linger_ms, seed=seed, send_log=send_log
    )
    report = run(
        replay_as(source, settings, read),
        RunSettings(
            due=by_rate(rate) if rate else by_log_time(speed) if speed else None,
            transform=dated_now if date_now else None,
            out=out,
            kafka=kafka,
            metrics_port=metrics_port,
            metrics_host=metrics_host,
        ),
    )
    console.show_read_report(read)
    if not read.events and report.interrupted is None:
        console.say(f"error: no line of {path.name} is an event")
    console.say(console.summary(report, {"unparsable": read.unparsable}))
    complete = read.events and not read.broken_input and not (strict and read.unparsable)
    raise typer.Exit(console.exit_code(report, complete=bool(complete)))


def _check_lateness(
    source: Recognised, path: Path, servers: str, topic: str, *, shift_to_now: bool, allow_late: bool
) -> None:
    """Raises typer.Exit if most of the log is late compared with the topic's events and no option allows that."""
    newest = newest_ms(servers, topic)
    if newest is None:
        return
    now_ms = time.time_ns() // 1_000_000
    shift_ms = now_ms - latest_ms(source, path, now_ms) if shift_to_now else 0
    if not is_mostly_late(source, path, shift_ms=shift_ms, newest=newest):
        return
    at = datetime.fromtimestamp(newest / 1000, UTC)
    is_error = not (allow_late or shift_to_now)
    console.say(
        f"{'error' if is_error else 'warning'}: topic {topic} has events of {at:%Y-%m-%dT%H:%M:%SZ}, and most of "
        f"{path.name} is older: a job that has read those events treats the log's events as late. "
        "--shift-to-now moves the log's end to now, --dated-now gives every event the time at which it is sent"
        + (", --keep-times sends the log unchanged" if is_error else "")
    )
    if is_error:
        raise typer.Exit(console.NOT_STARTED)
