"""``python -m deploy.druid post | show | query | check``: Druid on the enriched topics."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from assurance.reconciliation.audit import audit
from assurance.reconciliation.committed import committed_ids
from assurance.reconciliation.routes import expected
from common.kafka.topic_reader import TopicUnavailable
from contracts.purposes.load import REFERENCE, load_purposes
from contracts.purposes.model import Purpose
from contracts.purposes.yaml_nodes import PolicyError
from deploy.druid.check import EVER, Ids, report
from deploy.druid.check import check as hold_against
from deploy.druid.client import Druid, DruidError
from deploy.druid.queries import QUERIES, query
from deploy.druid.specs import PREFIX, Ingestion, compaction, datasource, grains, retention, supervisor

DIFFERENT, NOT_DONE = 1, 2

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

Names = Annotated[list[str], typer.Option("--purpose", help="Of which the enriched topic is read; may be repeated.")]
Policy = Annotated[Path, typer.Option("--purposes", help="The policy that the job runs with.")]
Brokers = Annotated[str, typer.Option(help="Kafka brokers, host:port[,host:port]; for post as Druid reaches them.")]
Url = Annotated[str, typer.Option(help="Druid's router, or its broker with the other two given.")]
Prefix = Annotated[str, typer.Option(help="Of the datasources' names.")]
Tasks = Annotated[int, typer.Option(min=1, help="Readers of each datasource, at most the topic's partitions.")]


@contextmanager
def _told() -> Iterator[None]:
    """What could not be done, in one line and an exit code."""
    try:
        yield
    except (DruidError, PolicyError, TopicUnavailable) as error:
        print(f"druid: {error}", file=sys.stderr)
        raise typer.Exit(NOT_DONE) from error


def _chosen(names: list[str], policy: Path) -> list[Purpose]:
    known = {purpose.name: purpose for purpose in load_purposes(policy)}
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"there is no purpose {name!r}; there are {', '.join(known)}")
    return [known[name] for name in names]


@app.command()
def post(  # noqa: PLR0917 - the options of a command line
    bootstrap_servers: Brokers,
    url: Url = "http://127.0.0.1:8888",
    overlord: Annotated[str | None, typer.Option(help="Where there is no router.")] = None,
    coordinator: Annotated[str | None, typer.Option(help="Where it is not the overlord.")] = None,
    purpose: Names = ["analytics"],  # noqa: B006 - typer's way
    purposes: Policy = REFERENCE,
    tasks: Tasks = 1,
    replicas: Annotated[int, typer.Option(min=1)] = 1,
    prefix: Prefix = PREFIX,
    keep_forever: Annotated[bool, typer.Option(help="No retention rules: for a replay of an old log.")] = False,
) -> None:
    """Start or update the supervisors, with retention and compaction. Exit code 2: Druid refused."""
    how = Ingestion(bootstrap_servers=bootstrap_servers, tasks=tasks, replicas=replicas, prefix=prefix)
    with _told(), Druid(url, overlord=overlord, coordinator=coordinator) as druid:
        for each in _chosen(purpose, purposes):
            for grain in grains(each):
                name = datasource(each.name, grain, prefix)
                if not keep_forever:
                    druid.set_retention(name, retention(grain))
                druid.set_compaction(compaction(name, grain))
                print(f"{druid.post_supervisor(supervisor(each, grain, how))}: reads")


@app.command()
def show(
    bootstrap_servers: Brokers = "127.0.0.1:9092",
    purpose: Names = ["analytics"],  # noqa: B006
    purposes: Policy = REFERENCE,
    prefix: Prefix = PREFIX,
) -> None:
    """Print the supervisor specs that ``post`` would send."""
    how = Ingestion(bootstrap_servers=bootstrap_servers, prefix=prefix)
    with _told():
        chosen = _chosen(purpose, purposes)
    print(json.dumps([supervisor(each, grain, how) for each in chosen for grain in grains(each)], indent=2))


@app.command(name="query")
def ask(  # noqa: PLR0917 - the options of a command line
    name: Annotated[str, typer.Argument(help=", ".join(QUERIES))],
    url: Url = "http://127.0.0.1:8888",
    purpose: Annotated[str, typer.Option(help="One with all events.")] = "analytics",
    hours: Annotated[int, typer.Option(min=1, help="How far back.")] = 24,
    bucket: Annotated[str, typer.Option(help="Of queries over time: an ISO 8601 duration.")] = "PT1H",
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2, of queries about visitors.")] = "%",
    prefix: Prefix = PREFIX,
) -> None:
    """Ask one of the queries and print its rows as JSON lines."""
    if name not in QUERIES:
        raise typer.BadParameter(f"no query {name!r}; there are {', '.join(QUERIES)}")
    since = f"__time > CURRENT_TIMESTAMP - INTERVAL '{hours}' HOUR({len(str(hours))})"
    with _told(), Druid(url) as druid:
        for row in druid.sql(query(name, purpose, since=since, bucket=bucket, country=country, prefix=prefix)):
            print(json.dumps(row))


@app.command()
def check(  # noqa: PLR0917 - the options of a command line
    bootstrap_servers: Brokers,
    url: Url = "http://127.0.0.1:8888",
    purpose: Names = ["analytics"],  # noqa: B006
    purposes: Policy = REFERENCE,
    prefix: Prefix = PREFIX,
    hours: Annotated[int, typer.Option(min=0, help="Only so many, up to a minute ago; 0: all that there is.")] = 0,
    wait_idle: Annotated[float, typer.Option(min=0, help="Seconds without a new event before giving up.")] = 15.0,
) -> None:
    """Hold Druid against the ledger: every committed event once.

    Without --hours the topics are audited first; they must be at rest and whole. Exit code 0: all agrees, 1: not, 2:
    could not be checked.
    """
    with _told(), Druid(url) as druid:
        chosen, policy = _chosen(purpose, purposes), load_purposes(purposes)
        ids: Mapping[str, Ids]
        if hours:
            until_ms = (int(time.time()) // 60 - 1) * 60_000
            since_ms = until_ms - hours * 3_600_000
            ids = committed_ids(
                bootstrap_servers, [each.topic for each in chosen], since_ms=since_ms, until_ms=until_ms
            )
            when = f"__time >= MILLIS_TO_TIMESTAMP({since_ms}) AND __time < MILLIS_TO_TIMESTAMP({until_ms})"
            balanced = True
        else:
            audited = audit(bootstrap_servers, expected(policy), idle_s=wait_idle)
            ids, when, balanced = audited.enriched, EVER, audited.summary.balanced
        findings = hold_against(druid, chosen, ids, prefix=prefix, when=when, idle_s=wait_idle)
    for line in report(findings):
        print(line)
    if not balanced:
        print("the topics themselves are not balanced: see python -m assurance.reconciliation audit")
    if not (balanced and all(finding.agrees for finding in findings)):
        raise typer.Exit(DIFFERENT)


if __name__ == "__main__":
    app(prog_name="python -m deploy.druid")
