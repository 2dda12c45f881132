"""``python -m ledger audit``: proves of running or finished topics that nothing is lost and nothing doubled."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from enrichment_job.policy.load import REFERENCE
from enrichment_job.policy.yaml_nodes import PolicyError
from ledger.audit import audit as audit_topics
from ledger.report import report
from ledger.routes import expected_by
from ledger.summary import write_summary
from ledger.topic_reader import TopicUnavailable

BALANCED, UNBALANCED, NOT_AUDITED = 0, 1, 2

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def ledger() -> None:
    """Audits the clickstream topics."""


@app.command()
def audit(
    bootstrap_servers: Annotated[str, typer.Option(help="Kafka brokers, host:port[,host:port]")],
    wait_idle: Annotated[float, typer.Option(min=0, help="Seconds without a new output before giving up")] = 5.0,
    summary: Annotated[Path | None, typer.Option(help="Write the summary there, as JSON")] = None,
    purposes: Annotated[Path, typer.Option(help="The policy that the job runs with")] = REFERENCE,
    samples: Annotated[bool, typer.Option(help="Show three enriched events, personal fields masked")] = True,
) -> None:
    """Hold every raw record against its outcome. Exit code 0: balanced, 1: not, 2: could not be audited."""
    try:
        result = audit_topics(bootstrap_servers, expected_by(purposes), idle_s=wait_idle)
    except (TopicUnavailable, PolicyError) as error:
        typer.echo(f"ledger: {error}", err=True)
        raise typer.Exit(NOT_AUDITED) from error
    Console().print(report(result.summary, result.samples if samples else ()))
    if summary is not None:
        write_summary(result.summary, summary)
    raise typer.Exit(BALANCED if result.summary.balanced else UNBALANCED)


if __name__ == "__main__":
    app(prog_name="python -m ledger")
