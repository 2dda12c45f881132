"""``python -m training.models.train``: trains the models on generated streams and writes them, with their figures.

Exit codes: 0 done; 1 a declaration or a rule file cannot be used; 2 the databases or the streams cannot be had.
"""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from common.rule_folder import RuleFolderError, read_rule_folder
from core.features.model import FeatureSet
from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import RuleSet
from core.scoring.inputs import ModelInputs
from training.enriching import DatabaseError
from training.feature_file import SHIPPED, read_features
from training.models import document, recommendation, risk
from training.models.files import (
    MODELS,
    PROJECT,
    read_declaration,
    write_model,
)
from training.problems import TrainingError

WRONG_FILES, WRONG_INPUT = 1, 2
_GEOIP = PROJECT / "build" / "geoip"
"""Where ``python -m local_stack setup`` puts the databases."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    *,
    only: Annotated[str | None, typer.Option(help="Train this model alone.")] = None,
    geoip_city: Annotated[Path | None, typer.Option(help="Your own database of places.")] = None,
    geoip_asn: Annotated[Path | None, typer.Option(help="Your own database of networks.")] = None,
) -> None:
    """Train the models, write them to deploy/models, and print their held-out figures."""
    if only not in (None, recommendation.NAME, risk.NAME):
        raise typer.BadParameter(f"there are {recommendation.NAME} and {risk.NAME}", param_hint="--only")
    try:
        features = read_features(SHIPPED)
        if only in (None, recommendation.NAME):
            _train_recommendation(features)
        if only in (None, risk.NAME):
            databases = risk.Databases(
                city=geoip_city or _database("geolite2-city-*.mmdb"), systems=geoip_asn or _database("*-asn-*.mmdb")
            )
            _train_risk(features, _rules(PROJECT / "deploy" / "rules"), databases)
    except (TrainingError, RuleFolderError) as error:
        print(f"train: {error}", file=sys.stderr)
        raise typer.Exit(WRONG_FILES) from error
    except (DatabaseError, ValueError) as error:
        print(f"train: {error}", file=sys.stderr)
        raise typer.Exit(WRONG_INPUT) from error
    document.PART.write_or_check(document.render())


def _train_recommendation(features: FeatureSet) -> None:
    folder = MODELS / recommendation.NAME
    model = read_declaration(folder, features)
    fitted, figures = recommendation.train(features, ModelInputs(model.inputs))
    write_model(folder, model, fitted, features, figures)
    _show(figures)


def _train_risk(features: FeatureSet, rules: RuleSet, databases: risk.Databases) -> None:
    folder = MODELS / risk.NAME
    model = read_declaration(folder, features)
    fitted, figures = risk.train(features, ModelInputs(model.inputs), rules, databases)
    write_model(folder, model, fitted, features, figures)
    _show(figures)


def _show(figures: msgspec.Struct) -> None:
    print(msgspec.json.format(msgspec.json.encode(figures), indent=2).decode())


def _rules(folder: Path) -> RuleSet:
    found = load_rules(read_rule_folder(folder))
    if isinstance(found, tuple):
        raise TrainingError("\n".join(map(str, found)))
    return found


def _database(pattern: str) -> Path:
    found = sorted(_GEOIP.glob(pattern))
    if not found:
        raise DatabaseError(f"{_GEOIP} has no {pattern}: run python -m local_stack setup, or name a file")
    return found[-1]


if __name__ == "__main__":
    app(prog_name="python -m training.models.train")
