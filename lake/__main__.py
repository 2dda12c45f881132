"""``python -m lake count | compact | athena``."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from lake.compaction import compact
from lake.count import counts
from lake.files import athena_table
from lake.store import home

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


Place = Annotated[str, typer.Argument(help="The lake: a directory, or s3://bucket/prefix.")]


@app.command()
def count(place: Place) -> None:
    """Print rows and distinct event ids by purpose and day."""
    with _faults_as_a_line():
        found = counts(home(place))
    table = Table("purpose", "day", *(Column(name, justify="right") for name in ("rows", "event ids", "files")))
    for each in found:
        table.add_row(each.purpose, each.day, f"{each.rows:,}", f"{each.events:,}", f"{each.files:,}")
    Console().print(table)


@app.command(name="compact")
def compact_command(
    place: Place,
    small_mb: Annotated[float, typer.Option(min=0, help="Files below this are merged.")] = 64,
    quiet_s: Annotated[float, typer.Option(min=0, help="An hour must not have changed for so long.")] = 3600,
) -> None:
    """Merge the small files of finished hours. Run it hourly; never two at once."""
    with _faults_as_a_line():
        done = compact(home(place), small_mb=small_mb, quiet_s=quiet_s)
    print(f"{done.hours} hours: {done.before} files became {done.after}")


@app.command()
def athena(
    location: Annotated[str, typer.Argument(help="s3://bucket/prefix")],
    database: Annotated[str, typer.Option()] = "clickstream",
    table: Annotated[str, typer.Option()] = "events",
) -> None:
    """Print the DDL of the lake's table for Athena."""
    print(athena_table(location, database=database, table=table))


@contextmanager
def _faults_as_a_line() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        typer.echo(f"lake: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    app(prog_name="python -m lake")
