"""``python -m deploy.druid post | show | query``: Druid on the enriched topics."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from contracts.purposes.load import REFERENCE
from contracts.purposes.yaml_nodes import PolicyError
from deploy.druid.client import Druid, DruidError
from deploy.druid.options import Brokers, Names, Policy, Prefix, Url, chosen_purposes
from deploy.druid.queries import QUERIES, query
from deploy.druid.session_queries import SESSION_QUERIES, session_query
from deploy.druid.sessions import KEPT_FOR, session_compaction, session_datasource, session_supervisor
from deploy.druid.specs import PREFIX, Ingestion, compaction, datasource, grains, kept_for, retention, supervisor

NOT_DONE = 2
_NAMES = (*QUERIES, *SESSION_QUERIES)

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

Sessions = Annotated[bool, typer.Option(help="The datasource of sessions, too: the job behaviour must run.")]
Tasks = Annotated[int, typer.Option(min=1, help="Readers of each datasource, at most the topic's partitions.")]


@contextmanager
def _errors_as_a_line() -> Iterator[None]:
    """Prints an error as one line and ends with an exit code."""
    try:
        yield
    except (DruidError, PolicyError) as error:
        print(f"druid: {error}", file=sys.stderr)
        raise typer.Exit(NOT_DONE) from error


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
    sessions: Sessions = False,
) -> None:
    """Start or update the supervisors, with retention and compaction. Exit code 2: Druid refused."""
    how = Ingestion(bootstrap_servers=bootstrap_servers, tasks=tasks, replicas=replicas, prefix=prefix)
    with _errors_as_a_line(), Druid(url, overlord=overlord, coordinator=coordinator) as druid:
        for each in chosen_purposes(purpose, purposes):
            for grain in grains(each):
                name = datasource(each.name, grain, prefix)
                if not keep_forever:
                    druid.set_retention(name, retention(grain))
                druid.set_compaction(compaction(name, grain))
                print(f"{druid.post_supervisor(supervisor(each, grain, how))}: reads")
        if sessions:
            if not keep_forever:
                druid.set_retention(session_datasource(prefix), kept_for(KEPT_FOR))
            druid.set_compaction(session_compaction(prefix))
            print(f"{druid.post_supervisor(session_supervisor(how))}: reads")


@app.command()
def show(
    bootstrap_servers: Brokers = "127.0.0.1:9092",
    purpose: Names = ["analytics"],  # noqa: B006
    purposes: Policy = REFERENCE,
    prefix: Prefix = PREFIX,
    sessions: Sessions = False,
) -> None:
    """Print the supervisor specs that ``post`` would send."""
    how = Ingestion(bootstrap_servers=bootstrap_servers, prefix=prefix)
    with _errors_as_a_line():
        chosen = chosen_purposes(purpose, purposes)
    specs = [supervisor(each, grain, how) for each in chosen for grain in grains(each)]
    print(json.dumps([*specs, *([session_supervisor(how)] if sessions else ())], indent=2))


@app.command(name="query")
def ask(  # noqa: PLR0917 - the options of a command line
    name: Annotated[str, typer.Argument(help=", ".join(_NAMES))],
    url: Url = "http://127.0.0.1:8888",
    purpose: Annotated[str, typer.Option(help="One with all events.")] = "analytics",
    hours: Annotated[int, typer.Option(min=1, help="How far back.")] = 24,
    bucket: Annotated[str, typer.Option(help="Of queries over time: an ISO 8601 duration.")] = "PT1H",
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2, of queries about visitors.")] = "%",
    prefix: Prefix = PREFIX,
) -> None:
    """Ask one of the queries and print its rows as JSON lines."""
    if name not in _NAMES:
        raise typer.BadParameter(f"no query {name!r}; there are {', '.join(_NAMES)}")
    since = f"__time > CURRENT_TIMESTAMP - INTERVAL '{hours}' HOUR({len(str(hours))})"
    if name in SESSION_QUERIES:
        text = session_query(name, since=since, bucket=bucket, country=country, prefix=prefix)
    else:
        text = query(name, purpose, since=since, bucket=bucket, country=country, prefix=prefix)
    with _errors_as_a_line(), Druid(url) as druid:
        for row in druid.sql(text):
            print(json.dumps(row))


if __name__ == "__main__":
    app(prog_name="python -m deploy.druid")
