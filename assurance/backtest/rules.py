"""The rules that a command tries."""

import sys
from pathlib import Path

import typer

from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import RuleSet
from deploy.security.rule_files import RuleFilesError, read_rule_files

WRONG_RULES = 1
"""Exit code."""


def rules_or_exit(place: Path) -> RuleSet:
    """Ends the program where there are problems, each told with file and line.

    :param place: a folder, or one file.
    """
    try:
        loaded = load_rules(read_rule_files(place))
    except RuleFilesError as error:
        print(f"backtest: {error}", file=sys.stderr)
        raise typer.Exit(WRONG_RULES) from error
    if isinstance(loaded, tuple):
        for problem in loaded:
            print(problem, file=sys.stderr)
        raise typer.Exit(WRONG_RULES)
    return loaded
