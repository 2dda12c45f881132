"""Every command with options explains itself: a help text with a stray bracket would be a crash."""

from importlib import import_module

import pytest
import typer
from typer.testing import CliRunner

COMMANDS = (
    "assurance.backtest.__main__",
    "assurance.backtest.evaluate",
    "assurance.bench.__main__",
    "assurance.end_to_end.__main__",
    "assurance.live.__main__",
    "assurance.live.export",
    "assurance.reconciliation.__main__",
    "assurance.reconciliation.druid",
    "deploy.build.__main__",
    "deploy.druid.__main__",
    "deploy.security.__main__",
    "deploy.topics",
    "lake.__main__",
    "local_stack.cli",
    "producers.__main__",
)


@pytest.mark.parametrize("module", COMMANDS)
def test_help(module: str) -> None:
    app: typer.Typer = import_module(module).app
    command = typer.main.get_command(app)
    paths = [[], *([name] for name in getattr(command, "commands", {}))]
    for path in paths:
        shown = CliRunner().invoke(app, [*path, "--help"])
        assert (shown.exit_code, shown.exception) == (0, None), path
        assert "Usage" in shown.output
