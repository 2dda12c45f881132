"""``python -m lake compact | athena``."""

from pathlib import Path
from typing import Annotated

import typer

from lake.compact import compact
from lake.files import athena_table

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.command(name="compact")
def compact_command(
    root: Annotated[Path, typer.Argument(help="The lake's directory.", exists=True, file_okay=False)],
    small_mb: Annotated[float, typer.Option(min=0, help="Files below this are merged.")] = 64,
    quiet_s: Annotated[float, typer.Option(min=0, help="An hour must not have changed for so long.")] = 3600,
) -> None:
    """Merge the small files of finished hours. Run it hourly; never two at once."""
    done = compact(root, small_mb=small_mb, quiet_s=quiet_s)
    print(f"{done.hours} hours: {done.before} files became {done.after}")


@app.command()
def athena(
    location: Annotated[str, typer.Argument(help="s3://bucket/prefix")],
    database: Annotated[str, typer.Option()] = "clickstream",
    table: Annotated[str, typer.Option()] = "events",
) -> None:
    """Print the DDL of the lake's table for Athena."""
    print(athena_table(location, database=database, table=table))


if __name__ == "__main__":
    app(prog_name="python -m lake")
