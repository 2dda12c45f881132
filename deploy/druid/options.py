"""Options that the commands about Druid share."""

from pathlib import Path
from typing import Annotated

import typer

from contracts.purposes.load import load_purposes
from contracts.purposes.model import Purpose

Names = Annotated[list[str], typer.Option("--purpose", help="Whose enriched topic is read; may be repeated.")]
Policy = Annotated[Path, typer.Option("--purposes", help="The policy that the job runs with.")]
Brokers = Annotated[str, typer.Option(help="Kafka brokers, host:port[,host:port]; for post as Druid reaches them.")]
Url = Annotated[str, typer.Option(help="Druid's router, or its broker with the other two given.")]
Prefix = Annotated[str, typer.Option(help="Of the datasources' names.")]


def chosen_purposes(names: list[str], policy: Path) -> list[Purpose]:
    """The purposes of these names.

    :raises typer.BadParameter: naming one that the policy does not have.
    """
    known = {purpose.name: purpose for purpose in load_purposes(policy)}
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"there is no purpose {name!r}; there are {', '.join(known)}")
    return [known[name] for name in names]
