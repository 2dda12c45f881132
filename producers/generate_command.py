"""``python -m producers generate``: sends a marketplace's events, generated from a seed."""

import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Annotated, get_args

import typer

from common.cli.metrics_server import LOOPBACK
from contracts.fixed_topics import RAW
from producers.delivery import console, options
from producers.delivery.kafka_sink import ProduceSettings
from producers.delivery.pacing import by_rate
from producers.delivery.run import RunSettings, run
from producers.record import Kind, Record
from producers.synthetic.attacks.plan import AttackSettings
from producers.synthetic.attacks.stream import generate_with, plan
from producers.synthetic.attacks.truth import ORDINARY, Labelled, told
from producers.synthetic.defect_rates import DefectRates
from producers.synthetic.generator import ACTIVE_VISITS, DEFAULT_EVENT_RATE, GeneratorSettings, generate
from producers.synthetic.marketplace import build_marketplace
from producers.synthetic.population import LISTINGS, USERS

_EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
"""A year after 1970: a device's clock may be hours behind, and times before 1970 are invalid."""

Rate = Annotated[float, typer.Option(min=0, max=1, help="Share of all records.")]


def _start_ms(text: str) -> int:
    try:
        at = datetime.fromtimestamp(int(text) / 1000, UTC) if text.isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise typer.BadParameter("neither an ISO 8601 time nor milliseconds since 1970") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at < _EARLIEST:
        raise typer.BadParameter("before 1971")
    return int(text) if text.isdigit() else round(at.timestamp() * 1000)


def command(
    *,
    events: Annotated[int, typer.Option(min=0, help="How many records; 0: until stopped (needs --rate).")] = 10_000,
    seed: options.Seed = 1,
    start_time: Annotated[
        int | None,
        typer.Option(
            parser=_start_ms,
            metavar="TIME",
            help="Time of the first record, ISO 8601 or ms since 1970. Default: now; without --rate, so that the last "
            "record is now.",
        ),
    ] = None,
    rate: options.Rate = 0.0,
    event_rate: Annotated[
        float | None, typer.Option(min=0.001, help="Records a second of event time. Default: --rate, or 1000.")
    ] = None,
    active_visits: Annotated[
        int,
        typer.Option(
            min=1,
            help="Visits at the same time. Each has an event every ACTIVE_VISITS / EVENT_RATE seconds: for sessions "
            "with time between them, 20 for each event a second.",
        ),
    ] = ACTIVE_VISITS,
    out: options.Out = None,
    bootstrap_servers: options.Servers = options.DEFAULT_SERVERS,
    topic: options.TopicName = RAW.name,
    linger_ms: options.LingerMs = options.DEFAULT_LINGER_MS,
    send_log: options.SendLogFile = None,
    metrics_port: options.MetricsPort = None,
    metrics_host: options.MetricsHost = LOOPBACK,
    users: Annotated[int, typer.Option(min=1, help="How many accounts there are.")] = USERS,
    listings: Annotated[int, typer.Option(min=1, help="How many listings there are.")] = LISTINGS,
    server_without_browser: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of the server events that have the account and no browser id."),
    ] = 0.0,
    attacks: Annotated[
        int,
        typer.Option(
            min=0,
            help="Scenarios beside the ordinary visits: attacks on accounts, and innocent people who look guilty. "
            "Their events come in addition to --events.",
        ),
    ] = 0,
    history_days: Annotated[
        float,
        typer.Option(
            min=0,
            max=90,
            help="Sign-ins in so many days before the stream, for the accounts of the scenarios and the most active "
            "others. They come in addition to --events.",
        ),
    ] = 0.0,
    truth: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write what each account event is to this file, as JSON lines."),
    ] = None,
    malformed: Rate = DefectRates.malformed,
    oversized: Rate = DefectRates.oversized,
    wrong_schema: Rate = DefectRates.wrong_schema,
    duplicate: Rate = DefectRates.duplicate,
    late: Rate = DefectRates.late,
) -> None:
    """Sends a marketplace's events, generated from a seed."""
    if not events and not rate:
        raise typer.BadParameter("an endless stream (--events 0) needs a --rate")
    added = AttackSettings(scenarios=attacks, history_days=history_days)
    if not events and added != AttackSettings():
        raise typer.BadParameter("--attacks and --history-days need a stream with an end (--events)")
    try:
        defect_rates = DefectRates(
            malformed=malformed, oversized=oversized, wrong_schema=wrong_schema, duplicate=duplicate, late=late
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    settings = GeneratorSettings(
        start_ms=start_time,
        events=events or None,
        seed=seed,
        event_rate=event_rate or rate or DEFAULT_EVENT_RATE,
        active_visits=active_visits,
        server_without_browser=server_without_browser,
        users=users,
        listings=listings,
        defect_rates=defect_rates,
    )
    kafka = ProduceSettings(
        bootstrap_servers=bootstrap_servers, topic=topic, linger_ms=linger_ms, seed=seed, send_log=send_log
    )
    due = by_rate(rate) if rate else None
    report = run(
        _records(settings, added, truth, rate=rate),
        RunSettings(
            due=due,
            total=(events or None) if added == AttackSettings() else None,
            out=out,
            kafka=kafka,
            metrics_port=metrics_port,
            metrics_host=metrics_host,
        ),
    )
    if not events:
        report = replace(report, interrupted=None)  # a signal is the regular end of an endless stream
    console.say(console.summary(report, {kind: report.kinds.get(kind, 0) for kind in get_args(Kind)}))
    raise typer.Exit(console.exit_code(report))


def _records(
    settings: GeneratorSettings, added: AttackSettings, truth: Path | None, *, rate: float
) -> Iterator[Record]:
    # Runs on the first record, after the broker has answered. "Now" is determined after building the marketplace,
    # because both take seconds.
    marketplace = build_marketplace(settings.seed, settings.users, settings.listings)
    starts_now = settings.start_ms is None
    if settings.start_ms is None:
        length_ms = 0 if rate or settings.events is None else int(1000 * settings.events / settings.event_rate)
        settings = replace(settings, start_ms=time.time_ns() // 1_000_000 - length_ms)
    labelled: Iterator[Labelled] = ((record, ORDINARY) for record in generate(settings, marketplace))
    if added != AttackSettings():
        try:
            planned = plan(settings, added, marketplace)
            if starts_now and rate and settings.start_ms is not None:
                # What comes before the start is sent first, and at this rate.
                before = bisect_left(planned.records, settings.start_ms, key=attrgetter("arrival_ms"))
                start_ms = time.time_ns() // 1_000_000 + int(1000 * before / rate)
                settings = replace(settings, start_ms=start_ms)
                planned = plan(settings, added, marketplace)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        labelled = generate_with(planned, settings)
    # The options that reproduce the same records.
    console.say(f"generate: seed={settings.seed} start_time={settings.start_ms} event_rate={settings.event_rate:g}")
    yield from told(labelled, truth)
