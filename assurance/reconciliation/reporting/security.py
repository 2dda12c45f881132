"""The part of the report about account security."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from assurance.reconciliation.security.evaluation import Evaluation, KindResult
from assurance.reconciliation.security.summary import SecuritySummary


def security_parts(found: SecuritySummary) -> list[RenderableType]:
    """Tables and lines, each group after an empty line."""
    parts: list[RenderableType] = ["", _counts(found)]
    if found.reasons:
        parts += ["", _reasons(found)]
    if found.samples:
        parts += ["", Text("Verdicts in words", style="bold"), *(Text(f"• {line}") for line in found.samples)]
    if found.truth is not None:
        parts += ["", evaluation_table(found.truth), kinds_table(found.truth)]
    return parts


def security_verdict(found: SecuritySummary, *, interrupted: bool) -> Iterable[Text]:
    if found.balanced:
        words = "each of the {0:,} events until then has" if interrupted else "Balanced: each of {0:,} events has"
        style = "bold yellow" if interrupted else "bold green"
        yield Text(f"Account security: {words.format(found.events)} a verdict.", style=style)
        return
    yield Text("Account security: NOT BALANCED", style="bold red")
    for kind, count, ids in (
        ("events without a verdict", found.missing, found.missing_ids),
        ("verdicts on events that were not read", found.unexpected, found.unexpected_ids),
    ):
        if count:
            yield Text(f"{count:,} {kind}: {', '.join(ids)}", style="red")


def evaluation_table(found: Evaluation) -> Table:
    table = _table("Against the truth", "what", "measured")
    for what, value in (
        ("precision: attackers' events among those that were acted on", found.precision),
        ("precision by final verdicts", found.precision_final),
        ("recall: attacks above the thresholds that were noticed", found.recall),
        ("recall by final verdicts", found.recall_final),
        ("recall by events", found.recall_events),
        ("attacks below the thresholds that were noticed", found.recall_below),
        ("innocent events that were acted on", found.innocent_challenge_rate),
        ("the same by final verdicts", found.innocent_challenge_rate_final),
        ("the same of those who look guilty", found.innocent_story_challenge_rate),
    ):
        table.add_row(what, "-" if value is None else f"{value:.2%}")
    table.add_row("take-overs stopped before the checkout", f"{found.take_overs_stopped:,} of {found.take_overs:,}")
    table.add_row("events of the truth without a verdict", f"{found.unjudged:,}")
    return table


def kinds_table(found: Evaluation) -> Table:
    table = _table("By kind", "kind", "intensity", "scenarios", "noticed", "events", "acted on", "acted on finally")
    for each in found.kinds:
        name = each.kind if each.is_attack else f"{each.kind} (innocent)"
        numbers = (f"{number:,}" for number in _numbers(each))
        table.add_row(Text(name), each.intensity or "", *numbers)
    return table


def _numbers(found: KindResult) -> tuple[int, ...]:
    return found.scenarios, found.detected, found.events, found.acted_on, found.acted_on_finally


def _counts(found: SecuritySummary) -> Table:
    table = _table("Account security", "verdicts", "events")
    for title, counts in (("decision", found.by_decision), ("flow", found.by_flow), ("level", found.by_level)):
        for name, count in counts.items():
            table.add_row(f"{title} {name}", f"{count:,}")
    rate = "-" if found.challenge_rate is None else f"{found.challenge_rate:.3%}"
    for what, text in (
        ("challenged or denied", rate),
        ("verdicts replaced by a later one", f"{found.superseded:,}"),
        ("verdicts that came again", f"{found.repeated:,}"),
        ("the rules that are tried out would change", f"{found.shadow_changes:,}"),
    ):
        table.add_row(what, text)
    return table


def _reasons(found: SecuritySummary) -> Table:
    table = _table("Reasons", "rule", "events")
    for name, count in found.reasons.items():
        table.add_row(Text(name), f"{count:,}")
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    return table
