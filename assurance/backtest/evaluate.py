"""``python -m assurance.backtest.evaluate``: how good rules are on generated streams, as Markdown.

Exit codes: 0 done; 1 problems in the rules, each with file and line; 2 the streams or the databases cannot be had.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from assurance.backtest.generated import Streams, measure
from assurance.backtest.markdown import as_markdown
from assurance.backtest.rules import rules_or_exit
from deploy.build.errors import SetupError
from deploy.security.rule_files import SHIPPED
from local_stack.lookup.geoip import ensure_asn_database, ensure_city_database
from producers.synthetic.attacks.plan import AttackSettings
from producers.synthetic.generator import GeneratorSettings
from producers.synthetic.population import USERS
from training.enriching import DatabaseError, Enricher

WRONG_INPUT = 2
_START_MS = 1_790_000_000_000
"""Any time will do, if it is always the same."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _seeds(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter("no numbers with commas between") from None


@app.command()
def main(
    *,
    seeds: Annotated[
        str, typer.Option(help="Numbers with commas between. 1 to 50 are for tuning; state figures of others.")
    ] = "101,102,103",
    events: Annotated[int, typer.Option(min=1, help="Ordinary records of each stream.")] = 30_000,
    attacks: Annotated[int, typer.Option(min=0, help="Scenarios of each stream.")] = 110,
    history_days: Annotated[float, typer.Option(min=0, max=90, help="Past of the accounts.")] = 20.0,
    event_rate: Annotated[float, typer.Option(min=0.001, help="Ordinary records a second.")] = 1.0,
    active_visits: Annotated[int, typer.Option(min=1, help="Ordinary visits at the same time.")] = 20,
    users: Annotated[int, typer.Option(min=1, help="Accounts.")] = USERS,
    rules: Annotated[Path, typer.Option(help="Folder of the rule files, or one file.")] = SHIPPED,
    geoip_city: Annotated[Path | None, typer.Option(help="Your own database of places.")] = None,
    geoip_asn: Annotated[Path | None, typer.Option(help="Your own database of networks.")] = None,
) -> None:
    """Generate streams with attacks, judge them, and print how good the rules are, as Markdown."""
    loaded = rules_or_exit(rules)
    streams = Streams(
        settings=GeneratorSettings(
            start_ms=_START_MS, events=events, event_rate=event_rate, active_visits=active_visits, users=users
        ),
        attacks=AttackSettings(scenarios=attacks, history_days=history_days),
    )
    try:
        with Enricher(ensure_city_database(geoip_city), ensure_asn_database(geoip_asn)) as enricher:
            measured = measure(streams, _seeds(seeds), loaded, enricher)
    except (DatabaseError, SetupError, ValueError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        raise typer.Exit(WRONG_INPUT) from error
    print(as_markdown(measured))


if __name__ == "__main__":
    app(prog_name="python -m assurance.backtest.evaluate")
