"""``python -m lake count | compact | athena``."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from lake.compaction import compact_tables
from lake.count import counts
from lake.files import athena_sessions, athena_table
from lake.store import open_lake_store

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


Location = Annotated[str, typer.Argument(help="The lake: a directory, or s3://bucket/prefix.")]


@app.command()
def count(location: Location) -> None:
    """Print rows and distinct event ids by purpose and day."""
    with _errors_as_one_line():
        found = counts(open_lake_store(location))
    table = Table("purpose", "day", *(Column(name, justify="right") for name in ("rows", "event ids", "files")))
    for each in found:
        table.add_row(each.purpose, each.day, f"{each.rows:,}", f"{each.events:,}", f"{each.files:,}")
    Console().print(table)


@app.command(name="compact")
def compact_command(
    location: Location,
    small_mb: Annotated[float, typer.Option(min=0, help="Merge files below this size.")] = 64,
    quiet_s: Annotated[float, typer.Option(min=0, help="Merge only hours without a change for this long.")] = 3600,
) -> None:
    """Merge the small files of finished hours, of events and of sessions. Run it hourly, and never two at the same
    time.
    """
    with _errors_as_one_line():
        done = compact_tables(open_lake_store(location), small_mb=small_mb, quiet_s=quiet_s)
    print(f"{done.hours} hours: {done.before} files became {done.after}")


@app.command()
def athena(
    location: Annotated[str, typer.Argument(help="s3://bucket/prefix")],
    database: Annotated[str, typer.Option()] = "clickstream",
    table: Annotated[str, typer.Option(help="Name of the table of events.")] = "events",
    sessions: Annotated[bool, typer.Option(help="The session records, and a view of the sessions.")] = False,
) -> None:
    """Print the DDL of the lake's table of events for Athena, or that of its sessions."""
    if sessions:
        print(";\n\n".join(athena_sessions(location, database=database)))
    else:
        print(athena_table(location, database=database, table=table))


@contextmanager
def _errors_as_one_line() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        typer.echo(f"lake: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    app(prog_name="python -m lake")
