"""``python -m assurance.backtest``: what rules would have said about recorded events.

Exit codes: 0 done; 1 problems in the rules, each with file and line; 2 the input cannot be used.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from assurance.backtest.inputs.problems import InputError, Skipped
from assurance.backtest.inputs.reading import Input, read_events
from assurance.backtest.inputs.span import Span, parse_time
from assurance.backtest.report import backtest_report
from assurance.backtest.rules import rules_or_exit
from assurance.backtest.tally import Tally
from assurance.reconciliation.security.truth import TruthError, read_truth
from core.risk.observe import subject_of
from core.risk.runner import Runner
from core.risk.security_event import SecurityEvent
from deploy.build.errors import SetupError
from deploy.security.rule_files import SHIPPED
from local_stack.lookup.geoip import ensure_city_database
from producers.access_log.formats import Format

WRONG_INPUT = 2
_AGENT_CHARACTERS = 100

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _time(text: str) -> int:
    try:
        return parse_time(text)
    except ValueError:
        raise typer.BadParameter("no ISO 8601 time, such as 2026-11-26 or 2026-11-26T08:00Z") from None


@app.command()
def main(
    *,
    rules: Annotated[Path, typer.Option(help="Folder of the rule files, or one file.")] = SHIPPED,
    source: Annotated[
        str | None,
        typer.Option(
            "--input",
            help="A file (enriched or raw events as JSON lines, an access log), a lake's directory or s3:// prefix, or "
            "kafka://HOST:PORT or kafka://HOST:PORT/TOPIC. Default: the enriched topic of the running stack.",
        ),
    ] = None,
    input_format: Annotated[Format, typer.Option("--format", help="Of a file; auto: detect it.")] = Format.AUTO,
    bootstrap_servers: Annotated[str, typer.Option(help="The running stack's brokers.")] = "127.0.0.1:9092",
    begin: Annotated[
        int | None, typer.Option("--from", parser=_time, metavar="TIME", help="ISO 8601, UTC by default.")
    ] = None,
    end: Annotated[int | None, typer.Option("--to", parser=_time, metavar="TIME", help="Not part of it.")] = None,
    labels: Annotated[Path | None, typer.Option(help="The truth of the events, as the generator writes it.")] = None,
    challenge_rate: Annotated[
        float | None, typer.Option(min=0, max=1, help="Accepted share of challenged events; default: the rule files'.")
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="How many suspicious subjects to show.")] = 20,
    show_clients: Annotated[bool, typer.Option(help="Show address and user agent of these subjects.")] = False,
    geoip_city: Annotated[Path | None, typer.Option(help="Your own database of places.")] = None,
    geoip_asn: Annotated[Path | None, typer.Option(help="A database of networks; without it they are unknown.")] = None,
) -> None:
    """Try rules on recorded events and print what they would have said. Events before --from are not learnt from."""
    loaded = rules_or_exit(rules)
    skipped, clients = Skipped(), dict[str, str]()
    reading = Input(
        place=source,
        form=input_format,
        bootstrap_servers=bootstrap_servers,
        span=Span(begin, end),
        city=lambda: ensure_city_database(geoip_city),
        systems=geoip_asn,
    )
    with _errors_as_a_line():
        is_part = begin is not None or end is not None
        tally = Tally(read_truth(labels) if labels is not None else {}, is_part=is_part)
        events: Iterable[SecurityEvent] = read_events(reading, skipped)
        tally.add_all(Runner(loaded).run(_noting(events, clients) if show_clients else events))
    if not tally.events():
        print("backtest: no security event in the input", file=sys.stderr)
        raise typer.Exit(WRONG_INPUT)
    report = backtest_report(tally, loaded, skipped, top=top, challenge_rate=challenge_rate, clients=clients)
    Console().print(report)


def _noting(events: Iterable[SecurityEvent], clients: dict[str, str]) -> Iterator[SecurityEvent]:
    """Remembers the client of each subject's first event."""
    for event in events:
        subject = ":".join(subject_of(event))
        if subject not in clients:
            agent = (event.useragent or "no user agent")[:_AGENT_CHARACTERS]
            clients[subject] = f"{event.user_ipaddress or 'no address'}, {agent}"
        yield event


@contextmanager
def _errors_as_a_line() -> Iterator[None]:
    try:
        yield
    except (InputError, TruthError, SetupError) as error:
        print(f"backtest: {error}", file=sys.stderr)
        raise typer.Exit(WRONG_INPUT) from error


if __name__ == "__main__":
    app(prog_name="python -m assurance.backtest")
