"""``python -m assurance.reconciliation audit``: proves of topics that nothing is lost or doubled."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from assurance.reconciliation.audit import audit as audit_topics
from assurance.reconciliation.report import report
from assurance.reconciliation.routes import expected_by
from assurance.reconciliation.sink_report import EventIds, SinkReport
from assurance.reconciliation.summary import write_summary
from common.kafka.topic_reader import TopicUnavailable
from contracts.purposes.load import REFERENCE
from contracts.purposes.yaml_nodes import PolicyError
from core.privacy.key_ring import KeyRingError

BALANCED, UNBALANCED, NOT_AUDITED = 0, 1, 2

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def ledger() -> None:
    """Audits the clickstream topics."""


@app.command()
def audit(
    *,
    bootstrap_servers: Annotated[str, typer.Option(help="Kafka brokers, host:port[,host:port]")],
    wait_idle: Annotated[float, typer.Option(min=0, help="Seconds without a new output before giving up")] = 5.0,
    summary: Annotated[Path | None, typer.Option(help="Write the summary there, as JSON")] = None,
    purposes: Annotated[Path, typer.Option(help="The policy that the job runs with")] = REFERENCE,
    keys_source: Annotated[
        str | None, typer.Option(help="The job's key ring (file:PATH, env:NAME …), where event ids are pseudonyms")
    ] = None,
    lake: Annotated[str | None, typer.Option(help="A lake, too: its directory or s3:// prefix")] = None,
    lake_purpose: Annotated[list[str] | None, typer.Option(help="Purposes that are in the lake; else all")] = None,
    samples: Annotated[bool, typer.Option(help="Show three enriched events, personal fields masked")] = True,
) -> None:
    """Hold every raw record against its outcome, and a lake against the enriched topics.

    Exit code 0: balanced, 1: not, 2: could not be audited. A lake is behind by as much as its job's checkpoints.
    """
    try:
        result = audit_topics(bootstrap_servers, expected_by(purposes), idle_s=wait_idle, keys_source=keys_source)
        outlets = [_lake(lake, result.enriched, lake_purpose or ())] if lake is not None else []
    except (TopicUnavailable, PolicyError, KeyRingError, OSError) as error:
        typer.echo(f"ledger: {error}", err=True)
        raise typer.Exit(NOT_AUDITED) from error
    found = msgspec.structs.replace(result.summary, outlets=outlets)
    Console().print(report(found, result.samples if samples else ()))
    if summary is not None:
        write_summary(found, summary)
    raise typer.Exit(BALANCED if found.balanced and all(each.balanced for each in outlets) else UNBALANCED)


def _lake(place: str, enriched: EventIds, purposes: Sequence[str]) -> SinkReport:
    from assurance.reconciliation.lake_report import held  # noqa: PLC0415 - who audits topics alone needs no Parquet
    from lake.store import home  # noqa: PLC0415

    return held(home(place), enriched, purposes)


if __name__ == "__main__":
    app(prog_name="python -m assurance.reconciliation")
