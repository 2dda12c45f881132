"""``python -m deploy.druid post | show | query``."""

import json
import sys
from typing import Annotated

import typer

from deploy.druid.client import Druid, DruidError
from deploy.druid.queries import QUERIES, query
from deploy.druid.specs import GRAINS, Ingestion, compaction, datasource, retention, supervisor

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

Purposes = Annotated[list[str], typer.Option("--purpose", help="Of which the enriched topic is read; may be repeated.")]
Brokers = Annotated[str, typer.Option(help="Kafka brokers, host:port[,host:port], as Druid reaches them.")]
Url = Annotated[str, typer.Option(help="Druid's router, or its broker with the other two given.")]
Tasks = Annotated[int, typer.Option(min=1, help="Readers of each datasource, at most the topic's partitions.")]


@app.command()
def post(  # noqa: PLR0917 - the options of a command line
    bootstrap_servers: Brokers,
    url: Url = "http://127.0.0.1:8888",
    overlord: Annotated[str | None, typer.Option(help="Where there is no router.")] = None,
    coordinator: Annotated[str | None, typer.Option(help="Where it is not the overlord.")] = None,
    purpose: Purposes = ["analytics"],  # noqa: B006 - typer's way
    tasks: Tasks = 1,
    replicas: Annotated[int, typer.Option(min=1)] = 1,
    keep_forever: Annotated[bool, typer.Option(help="No retention rules: for a replay of an old log.")] = False,
) -> None:
    """Start or update the supervisors, with retention and compaction. Exit code 1: Druid refused."""
    how = Ingestion(bootstrap_servers=bootstrap_servers, tasks=tasks, replicas=replicas)
    try:
        with Druid(url, overlord=overlord, coordinator=coordinator) as druid:
            for name in purpose:
                for grain in GRAINS:
                    if not keep_forever:
                        druid.set_retention(datasource(name, grain), retention(grain))
                    druid.set_compaction(compaction(name, grain))
                    print(f"{druid.post_supervisor(supervisor(name, grain, how))}: reads")
    except DruidError as error:
        print(f"druid: {error}", file=sys.stderr)
        raise typer.Exit(1) from error


@app.command()
def show(bootstrap_servers: Brokers = "127.0.0.1:9092", purpose: Purposes = ["analytics"]) -> None:  # noqa: B006
    """Print the supervisor specs that ``post`` would send."""
    how = Ingestion(bootstrap_servers=bootstrap_servers)
    print(json.dumps([supervisor(name, grain, how) for name in purpose for grain in GRAINS], indent=2))


@app.command(name="query")
def ask(
    name: Annotated[str, typer.Argument(help=", ".join(QUERIES))],
    url: Url = "http://127.0.0.1:8888",
    purpose: Annotated[str, typer.Option()] = "analytics",
    hours: Annotated[int, typer.Option(min=1, help="How far back.")] = 24,
) -> None:
    """Ask one of the queries and print its rows as JSON lines."""
    if name not in QUERIES:
        print(f"no query {name!r}; there are {', '.join(QUERIES)}", file=sys.stderr)
        raise typer.Exit(2)
    try:
        with Druid(url) as druid:
            for row in druid.sql(query(name, purpose, f"__time > CURRENT_TIMESTAMP - INTERVAL '{hours}' HOUR")):
                print(json.dumps(row))
    except DruidError as error:
        print(f"druid: {error}", file=sys.stderr)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app(prog_name="python -m deploy.druid")
