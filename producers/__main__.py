"""Sends events to Kafka: generated from a seed, or replayed from a log."""

import typer

from producers import generate_command, replay_command

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
app.command("generate")(generate_command.command)
app.command("replay")(replay_command.command)

if __name__ == "__main__":
    app(prog_name="python -m producers")
