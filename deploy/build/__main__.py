"""``python -m deploy.build``: exit code 0 with the archive, 2 with the reasons why there is none."""

import hashlib
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from deploy.build.archive_build import build
from deploy.build.errors import SetupError
from deploy.build.target import FLINK_2_2, JOBS, Target

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    job: Annotated[Literal["enrichment", "lake"], typer.Option(help="Which job's archive.")] = "enrichment",
    output: Annotated[Path | None, typer.Option(help="The archive; else build/package/NAME.zip.")] = None,
    python: Annotated[str, typer.Option(help="Minor version of the runtime's interpreter.")] = FLINK_2_2.python,
) -> None:
    """Build an application archive for Managed Service for Apache Flink."""
    try:
        built = build(output, Target(python=python), JOBS[job])
    except SetupError as error:
        print(f"package: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    print(f"{built.path}: {built.files} files, {built.bytes / 1e6:.1f} MB")
    print(f"sha256 {hashlib.sha256(built.path.read_bytes()).hexdigest()}")
    print("run options: " + ", ".join(f"{name}={value}" for name, value in JOBS[job].run_options.items()))


if __name__ == "__main__":
    app(prog_name="python -m deploy.build")
