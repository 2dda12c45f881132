"""One frame of the live view."""

from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from assurance.live.outputs import OUTCOMES
from assurance.live.tally import LiveCounts

_TOP = 8
_BAR = 24
_COLORS = {"late": "yellow", "failed": "red", "suppressed": "dim"}


def frame(tally: LiveCounts, now_s: float) -> RenderableType:
    columns = Table.grid(expand=True, padding=(0, 1))
    columns.add_column(ratio=1)
    columns.add_column(ratio=1)
    columns.add_row(_outcomes(tally, now_s), _latency(tally))
    columns.add_row(_countries(tally), _reasons(tally))
    return Group(columns, _failures(tally))


def _outcomes(tally: LiveCounts, now_s: float) -> Panel:
    table = Table.grid(expand=True, padding=(0, 2))
    for outcome in OUTCOMES.values():
        color = _COLORS.get(outcome, "green")
        table.add_row(
            f"[{color}]{outcome}[/]", f"{tally.rate(outcome, now_s):,.0f}/s", f"{tally.counts[outcome]:,} in all"
        )
    return Panel(table, title="records by purpose and outcome")


def _latency(tally: LiveCounts) -> Panel:
    table = Table.grid(expand=True, padding=(0, 2))
    for name, part in (("p50", 0.5), ("p99", 0.99)):
        found = tally.latency_ms(part)
        table.add_row(name, "-" if found is None else f"{found:,.0f} ms")
    share = tally.crawler_share()
    table.add_row("crawlers", "-" if share is None else f"{share:.1%} of events (analytics)")
    return Panel(table, title="collector to here, uncommitted")


def _countries(tally: LiveCounts) -> Panel:
    table = Table.grid(padding=(0, 2))
    top = tally.countries.most_common(_TOP)
    for country, count in top:
        table.add_row(escape(country), "█" * max(1, round(_BAR * count / top[0][1])), f"{count:,}")
    return Panel(table, title="countries (analytics)")


def _reasons(tally: LiveCounts) -> Panel:
    table = Table.grid(padding=(0, 2))
    for reason, count in tally.reasons.most_common(_TOP):
        table.add_row(f"{count:,}", escape(reason))
    return Panel(table, title="failed by reason")


def _failures(tally: LiveCounts) -> Panel:
    table = Table.grid(padding=(0, 2))
    for at_s, reason in reversed(tally.failures):
        table.add_row(datetime.fromtimestamp(at_s, UTC).strftime("%H:%M:%S"), escape(reason))
    return Panel(table, title="latest failures")
