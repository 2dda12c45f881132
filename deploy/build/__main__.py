"""``python -m deploy.build``. Exit code 0: the archive was made; 2: it was not, and the reasons are printed."""

import hashlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.build.archive_build import build
from deploy.build.errors import SetupError
from deploy.build.target import FLINK_2_2, Target
from deploy.jobs import JOBS

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _known(name: str) -> str:
    if name not in JOBS:
        raise typer.BadParameter(f"'{name}' is not one of {', '.join(map(repr, JOBS))}.")
    return name


@app.command()
def main(
    job: Annotated[
        str, typer.Option(callback=_known, metavar=f"[{'|'.join(JOBS)}]", help="Which job's archive.")
    ] = "enrichment",
    output: Annotated[Path | None, typer.Option(help="The archive; else build/package/NAME.zip.")] = None,
    python: Annotated[str, typer.Option(help="Minor version of the runtime's interpreter.")] = FLINK_2_2.python,
) -> None:
    """Build an application archive for Managed Service for Apache Flink."""
    spec = JOBS[job]
    try:
        built = build(spec, output, Target(python=python))
    except SetupError as error:
        print(f"package: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    print(f"{built.path}: {built.files} files, {built.bytes / 1e6:.1f} MB")
    print(f"sha256 {hashlib.sha256(built.path.read_bytes()).hexdigest()}")
    print("run options: " + ", ".join(f"{name}={value}" for name, value in spec.run_options.items()))


if __name__ == "__main__":
    app(prog_name="python -m deploy.build")
