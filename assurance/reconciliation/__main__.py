"""``python -m assurance.reconciliation audit``: proves that the topics have lost and duplicated nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from assurance.reconciliation.audit import audit as audit_topics
from assurance.reconciliation.balancing.routes import expected_by
from assurance.reconciliation.reporting.report import report
from assurance.reconciliation.reporting.summary import write_summary
from assurance.reconciliation.sinks.comparison import EventIds, SinkReport
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
    summary: Annotated[Path | None, typer.Option(help="Write the summary to this file, as JSON")] = None,
    purposes: Annotated[Path, typer.Option(help="The policy of purposes that the job runs with")] = REFERENCE,
    keys_source: Annotated[
        str | None, typer.Option(help="The job's key ring (file:PATH, env:NAME …), if event ids are pseudonyms")
    ] = None,
    lake: Annotated[str | None, typer.Option(help="Compare this lake, too: a directory or s3:// prefix")] = None,
    lake_purpose: Annotated[list[str] | None, typer.Option(help="Purposes that the lake holds; default: all")] = None,
    samples: Annotated[bool, typer.Option(help="Show three enriched events with personal fields masked")] = True,
) -> None:
    """Check that every raw record has exactly one outcome, and that a lake has what the enriched topics have.

    Exit code 0: balanced, 1: not balanced, 2: the audit was not possible. A lake receives its rows with its job's
    checkpoints, so it is behind the topics by up to one interval.
    """
    try:
        result = audit_topics(bootstrap_servers, expected_by(purposes), idle_s=wait_idle, keys_source=keys_source)
        sinks = [_compare_lake(lake, result.enriched, lake_purpose or ())] if lake is not None else []
    except (TopicUnavailable, PolicyError, KeyRingError, OSError) as error:
        typer.echo(f"ledger: {error}", err=True)
        raise typer.Exit(NOT_AUDITED) from error
    found = msgspec.structs.replace(result.summary, sinks=sinks)
    Console().print(report(found, result.samples if samples else ()))
    if summary is not None:
        write_summary(found, summary)
    raise typer.Exit(BALANCED if found.balanced and all(each.balanced for each in sinks) else UNBALANCED)


def _compare_lake(place: str, enriched: EventIds, purposes: Sequence[str]) -> SinkReport:
    from assurance.reconciliation.sinks.lake import compare_lake  # noqa: PLC0415 - an audit of topics needs no Parquet
    from lake.store import open_lake_store  # noqa: PLC0415

    return compare_lake(open_lake_store(place), enriched, purposes)


if __name__ == "__main__":
    app(prog_name="python -m assurance.reconciliation")
