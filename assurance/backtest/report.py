"""The back-test's report for the terminal. Texts from data are Text, never str: rich interprets "[...]" in a str."""

from collections.abc import Mapping
from typing import get_args

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from assurance.backtest.inputs.problems import Skipped
from assurance.backtest.tally import Tally
from assurance.backtest.thresholds import rate_at, threshold_for
from assurance.reconciliation.reporting.security import evaluation_table, kinds_table
from contracts.security.verdicts import Flow
from core.risk.rules.rule_set import RuleSet


def backtest_report(
    tally: Tally,
    rules: RuleSet,
    skipped: Skipped,
    *,
    top: int,
    challenge_rate: float | None,
    clients: Mapping[str, str],
) -> RenderableType:
    """:param challenge_rate: the accepted one of every flow; None: what the rule files say.
    :param clients: subject → what is shown of its client beside its id.
    """
    parts: list[RenderableType] = [
        Text(f"rules {rules.version}: {len(rules.rules):,} rules", style="bold"),
        _left_out(skipped),
        _decisions(tally),
        "",
        _thresholds(tally, rules, challenge_rate),
        "",
        _rules(tally, rules),
    ]
    if (changes := _changes(tally)) is not None:
        parts += ["", changes]
    if (evaluation := tally.evaluation()) is not None:
        parts += ["", evaluation_table(evaluation), kinds_table(evaluation)]
    parts += ["", *_suspicious(tally, top, clients)]
    for name, why in rules.quarantined.items():
        parts.append(Text(f"quarantined: {name}: {why}", style="yellow"))
    return Group(*parts)


def _left_out(skipped: Skipped) -> Text:
    return Text(f"left out: {skipped.unreadable:,} records that are no events, {skipped.outside:,} outside the time")


def _decisions(tally: Tally) -> Table:
    table = _table("Verdicts", "flow", "events", "allow", "challenge", "deny", "challenged or denied")
    events, decisions = tally.events(), tally.decisions()
    for flow in _flows(tally):
        allow, challenge, deny = (decisions[flow, each] for each in ("allow", "challenge", "deny"))
        share = f"{(challenge + deny) / events[flow]:.3%}"
        table.add_row(flow, f"{events[flow]:,}", f"{allow:,}", f"{challenge:,}", f"{deny:,}", share)
    return table


def _thresholds(tally: Tally, rules: RuleSet, challenge_rate: float | None) -> Table:
    table = _table(
        "Thresholds", "flow", "challenge from", "challenges", "accepted", "keeps the rate: from", "would challenge"
    )
    events = tally.events()
    for flow in _flows(tally):
        now, scores = rules.thresholds[flow], tally.scores(flow)
        accepted = now.challenge_rate if challenge_rate is None else challenge_rate
        rate = rate_at(scores, events[flow], now.challenge)
        found = threshold_for(scores, events[flow], accepted)
        suggestion = "above every score" if found.threshold is None else f"{found.threshold:.3f}"
        style = "red" if rate > accepted else None
        row = (f"{now.challenge:.3f}", f"{rate:.3%}", f"{accepted:.3%}", suggestion, f"{found.rate:.3%}")
        table.add_row(flow, *row, style=style)
    return table


def _rules(tally: Tally, rules: RuleSet) -> Table:
    """Every rule that can be a reason, those without a hit last."""
    with_truth = bool(tally.truth)
    table = _table("Rules", "rule", "mode", "weight", "events", *(("of attacks",) if with_truth else ()))
    hits = tally.rule_hits()
    for each in hits:
        rule = rules.rules.get(each.rule)
        shown = ("label", "-") if rule is None else (rule.mode, f"{rule.weight:.2f}")
        share = (f"{each.of_attacks / each.events:.1%}",) if with_truth else ()
        table.add_row(Text(each.rule), *shown, f"{each.events:,}", *share)
    seen = {each.rule for each in hits}
    for name, rule in sorted(rules.rules.items()):
        if rule.is_reason and name not in seen:
            table.add_row(Text(name), rule.mode, f"{rule.weight:.2f}", "0", style="dim")
    return table


def _changes(tally: Tally) -> Table | None:
    changes = tally.changes()
    if not changes:
        return None
    table = _table("If the rules that are tried out counted", "flow", "now", "then", "events")
    for change, events in changes.most_common():
        table.add_row(change.flow, change.live, change.tried, f"{events:,}")
    return table


def _suspicious(tally: Tally, top: int, clients: Mapping[str, str]) -> list[RenderableType]:
    found = tally.suspicious(top)
    lines: list[RenderableType] = [Text(f"The {len(found)} most suspicious subjects", style="bold")]
    for number, each in enumerate(found, start=1):
        events = f"{each.acted_on:,} of {each.events:,} events with reasons challenged or denied"
        lines.append(Text(f"{number}. {each.subject}: score {each.score:.2f}, {events}"))
        if each.subject in clients:
            lines.append(Text(f"   {clients[each.subject]}", style="dim"))
        lines += [Text(f"   • {words}") for words in each.reasons]
    return lines


def _flows(tally: Tally) -> list[Flow]:
    events = tally.events()
    return [flow for flow in get_args(Flow) if events[flow]]


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    return table
