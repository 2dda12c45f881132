"""Renders one frame of the live view."""

from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from assurance.live.live_counts import LiveCounts
from assurance.live.outputs import OUTCOMES

_MAX_ROWS = 8
_MAX_BAR = 24
_COLORS = {"late": "yellow", "failed": "red", "suppressed": "dim"}


def frame(counts: LiveCounts, now_s: float) -> RenderableType:
    columns = Table.grid(expand=True, padding=(0, 1))
    columns.add_column(ratio=1)
    columns.add_column(ratio=1)
    columns.add_row(_outcomes(counts, now_s), _latency(counts))
    columns.add_row(_countries(counts), _reasons(counts))
    return Group(columns, _failures(counts))


def _outcomes(counts: LiveCounts, now_s: float) -> Panel:
    table = Table.grid(expand=True, padding=(0, 2))
    for outcome in OUTCOMES.values():
        color = _COLORS.get(outcome, "green")
        table.add_row(
            f"[{color}]{outcome}[/]", f"{counts.rate(outcome, now_s):,.0f}/s", f"{counts.counts[outcome]:,} in all"
        )
    return Panel(table, title="records by purpose and outcome")


def _latency(counts: LiveCounts) -> Panel:
    table = Table.grid(expand=True, padding=(0, 2))
    for name, quantile in (("p50", 0.5), ("p99", 0.99)):
        latency_ms = counts.latency_ms(quantile)
        table.add_row(name, "-" if latency_ms is None else f"{latency_ms:,.0f} ms")
    share = counts.crawler_share()
    table.add_row("crawlers", "-" if share is None else f"{share:.1%} of events (analytics)")
    return Panel(table, title="collector to here, uncommitted")


def _countries(counts: LiveCounts) -> Panel:
    table = Table.grid(padding=(0, 2))
    top = counts.countries.most_common(_MAX_ROWS)
    for country, count in top:
        table.add_row(escape(country), "█" * max(1, round(_MAX_BAR * count / top[0][1])), f"{count:,}")
    return Panel(table, title="countries (analytics)")


def _reasons(counts: LiveCounts) -> Panel:
    table = Table.grid(padding=(0, 2))
    for reason, count in counts.reasons.most_common(_MAX_ROWS):
        table.add_row(f"{count:,}", escape(reason))
    return Panel(table, title="failed by reason")


def _failures(counts: LiveCounts) -> Panel:
    table = Table.grid(padding=(0, 2))
    for at_s, reason in reversed(counts.failures):
        table.add_row(datetime.fromtimestamp(at_s, UTC).strftime("%H:%M:%S"), escape(reason))
    return Panel(table, title="latest failures")
