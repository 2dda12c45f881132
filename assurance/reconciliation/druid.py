"""``python -m assurance.reconciliation.druid``: compares Druid with the enriched topics, event by event."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from assurance.reconciliation.audit import audit
from assurance.reconciliation.balancing.routes import expected
from assurance.reconciliation.reading.topics import committed_ids
from assurance.reconciliation.sinks.druid import EVER, Ids, check, report
from common.kafka.topic_reader import TopicUnavailable
from contracts.purposes.load import REFERENCE, load_purposes
from contracts.purposes.yaml_nodes import PolicyError
from deploy.druid.client import Druid, DruidError
from deploy.druid.options import Brokers, Names, Policy, Prefix, Url, chosen_purposes
from deploy.druid.specs import PREFIX

DIFFERENT, NOT_COMPARED = 1, 2

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def compare(  # noqa: PLR0917 - the options of a command line
    bootstrap_servers: Brokers,
    url: Url = "http://127.0.0.1:8888",
    purpose: Names = ["analytics"],  # noqa: B006 - typer's way
    purposes: Policy = REFERENCE,
    prefix: Prefix = PREFIX,
    hours: Annotated[
        int, typer.Option(min=0, help="Compare the last HOURS hours, up to a minute ago; 0: everything.")
    ] = 0,
    wait_idle: Annotated[float, typer.Option(min=0, help="Seconds without a new event before giving up.")] = 15.0,
) -> None:
    """Check that Druid has every committed event of the topics exactly once.

    Without --hours the topics are audited first: nothing may be writing to them, and they must still have all events.
    Exit code 0: Druid agrees, 1: it differs, 2: the comparison was not possible.
    """
    try:
        balanced = _compare(bootstrap_servers, url, purpose, purposes, prefix, hours=hours, idle_s=wait_idle)
    except (DruidError, PolicyError, TopicUnavailable) as error:
        print(f"druid: {error}", file=sys.stderr)
        raise typer.Exit(NOT_COMPARED) from error
    raise typer.Exit(0 if balanced else DIFFERENT)


def _compare(servers: str, url: str, names: list[str], policy: Path, prefix: str, *, hours: int, idle_s: float) -> bool:
    ids: Mapping[str, Ids]
    chosen = chosen_purposes(names, policy)
    with Druid(url) as druid:
        if hours:
            until_ms = (int(time.time()) // 60 - 1) * 60_000
            since_ms = until_ms - hours * 3_600_000
            ids = committed_ids(servers, [each.topic for each in chosen], since_ms=since_ms, until_ms=until_ms)
            when = f"__time >= MILLIS_TO_TIMESTAMP({since_ms}) AND __time < MILLIS_TO_TIMESTAMP({until_ms})"
            balanced = True
        else:
            audited = audit(servers, expected(load_purposes(policy)), idle_s=idle_s)
            ids, when, balanced = audited.enriched, EVER, audited.summary.balanced
        findings = check(druid, chosen, ids, prefix=prefix, when=when, idle_s=idle_s)
    for line in report(findings):
        print(line)
    if not balanced:
        print("the topics themselves are not balanced: see python -m assurance.reconciliation audit")
    return balanced and all(finding.agrees for finding in findings)


if __name__ == "__main__":
    app(prog_name="python -m assurance.reconciliation.druid")
