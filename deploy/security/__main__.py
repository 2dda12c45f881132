"""``python -m deploy.security label | erase | rule put | rule off | rule revert | rule list``.

Exit codes: 0 done; 1 the rule is refused, with file and line; 2 the record could not be sent, or an argument is wrong.
"""

import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, get_args

import msgspec
import typer

from common.kafka.topic_reader import TopicUnavailable
from contracts.fixed_topics import LABELS, RULES
from contracts.security.labels import SCHEMA, Finding, Label
from contracts.security.verdicts import SubjectKind
from deploy.security.rule_changes import RefusedRule, change_of, changes_in_effect, switch_off
from deploy.security.rule_files import SHIPPED, RuleFilesError, read_rule_files
from deploy.sending import NotSent, send

REFUSED, NOT_SENT = 1, 2
_FINDINGS = tuple(finding for finding in get_args(Finding) if finding != "erase")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Labels and changes of rules, for the running job. Exit codes: 0 done; 1 the rule is refused, with file and "
    "line; 2 the record could not be sent, or an argument is wrong.",
)
rule_app = typer.Typer(no_args_is_help=True, help="Changes of rules in the running job.")
app.add_typer(rule_app, name="rule")


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("no ISO 8601 time, such as 2026-11-26T08:00Z") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


Servers = Annotated[str, typer.Option(help="Kafka brokers, host:port, separated by commas.")]
Subject = Annotated[str, typer.Argument(help="Kind and id as in the verdict, such as user:u0000042.")]
Source = Annotated[str, typer.Option(help="Who says so, such as fraud-team.")]
Rules = Annotated[Path, typer.Option(help="The rule files that the job was started with: the change must fit them.")]
Name = Annotated[str, typer.Argument(help="The rule's name.")]
At = Annotated[
    datetime | None,
    typer.Option(
        parser=_time, metavar="TIME", help="When it was found out, ISO 8601, without a zone UTC. Default: now."
    ),
]
By = Annotated[str, typer.Option(help="Who changes it.")]
_LOCAL = "127.0.0.1:9092"
_LONGEST_AHEAD = timedelta(days=1)
"""Clocks differ. The latest label of an event counts, so one from the future would count until then."""


@app.command()
def label(  # noqa: PLR0917 - the options of a command line
    finding: Annotated[str, typer.Argument(help=", ".join(_FINDINGS))],
    subject: Subject,
    source: Source,
    event: Annotated[str | None, typer.Option(help="Id of the event that it is about.")] = None,
    label_id: Annotated[str | None, typer.Option("--id", help="Of the label: one that comes again is ignored.")] = None,
    at: At = None,
    bootstrap_servers: Servers = _LOCAL,
) -> None:
    """Say what was found out about a judged event, or about a subject as a whole (confirmed_fraud only)."""
    if finding not in _FINDINGS:
        raise typer.BadParameter(f"{finding!r} is none of {', '.join(_FINDINGS)}")
    if event is None and finding != "confirmed_fraud":
        raise typer.BadParameter(f"{finding} is about an event: --event is missing")
    _send_label(finding, subject, source, event, label_id, at, bootstrap_servers)


@app.command()
def erase(subject: Subject, source: Source, bootstrap_servers: Servers = _LOCAL) -> None:
    """Make the job delete everything that it keeps of a subject. Verdicts in the topic end with its retention."""
    _send_label("erase", subject, source, None, None, None, bootstrap_servers)


@rule_app.command(name="put")
def put_rule(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A YAML file with one rule.")],
    rules: Rules = SHIPPED,
    by: By = "",
    bootstrap_servers: Servers = _LOCAL,
) -> None:
    """Add a rule, or put another version of it into effect."""
    with _errors_as_lines():
        files, others = read_rule_files(rules), changes_in_effect(bootstrap_servers)
        change = change_of(str(file), file.read_text(encoding="utf-8"), files, others, by)
        send(bootstrap_servers, RULES, change.name, msgspec.json.encode(change))
    print(f"{change.name}: sent")


@rule_app.command(name="off")
def rule_off(name: Name, rules: Rules = SHIPPED, by: By = "", bootstrap_servers: Servers = _LOCAL) -> None:
    """Switch a rule off."""
    with _errors_as_lines():
        change = switch_off(name, read_rule_files(rules), changes_in_effect(bootstrap_servers), by)
        send(bootstrap_servers, RULES, name, msgspec.json.encode(change))
    print(f"{name}: off")


@rule_app.command(name="revert")
def revert_rule(name: Name, bootstrap_servers: Servers = _LOCAL) -> None:
    """Take the change of a rule back: the rule of the files counts again, if there is one."""
    with _errors_as_lines():
        if name not in changes_in_effect(bootstrap_servers):
            raise RefusedRule(f"{name}: no change is in effect")
        send(bootstrap_servers, RULES, name, None)
    print(f"{name}: as the files have it")


@rule_app.command(name="list")
def list_rules(bootstrap_servers: Servers = _LOCAL) -> None:
    """Show the changes in effect."""
    with _errors_as_lines():
        for name, change in sorted(changes_in_effect(bootstrap_servers).items()):
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(change.changed_tstamp / 1000))
            print(f"{name}: {'off' if change.rule is None else 'changed'} at {when} by {change.changed_by or '?'}")


def _send_label(  # noqa: PLR0917 - the options of a command line
    finding: str,
    subject: str,
    source: str,
    event: str | None,
    label_id: str | None,
    at: datetime | None,
    bootstrap_servers: str,
) -> None:
    kind, _, subject_id = subject.partition(":")
    if kind not in get_args(SubjectKind) or not subject_id:
        raise typer.BadParameter(f"a subject is one of {', '.join(get_args(SubjectKind))}, a colon and its id")
    now = datetime.now(UTC)
    at = now if at is None else at
    if at > now + _LONGEST_AHEAD:
        raise typer.BadParameter("--at is more than a day ahead of the clock: no later label could correct this one")
    fields = {
        "schema": SCHEMA,
        "label_id": label_id or str(uuid.uuid4()),
        "finding": finding,
        "subject_kind": kind,
        "subject_id": subject_id,
        "event_id": event,
        "labelled_tstamp": round(at.timestamp() * 1000),
        "source": source,
    }
    try:
        made = msgspec.convert(fields, Label)
    except msgspec.ValidationError as error:
        raise typer.BadParameter(str(error)) from error
    with _errors_as_lines():
        send(bootstrap_servers, LABELS, subject_id, msgspec.json.encode(made))
    print(f"{made.label_id}: sent")


@contextmanager
def _errors_as_lines() -> Iterator[None]:
    try:
        yield
    except RefusedRule as error:
        print(error, file=sys.stderr)
        raise typer.Exit(REFUSED) from error
    except (NotSent, TopicUnavailable, RuleFilesError, UnicodeDecodeError) as error:
        print(f"security: {error}", file=sys.stderr)
        raise typer.Exit(NOT_SENT) from error


if __name__ == "__main__":
    app(prog_name="python -m deploy.security")
