"""The run's report for the terminal: counts, samples, reasons, latency, lookups and the verdict."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from assurance.reconciliation.discrepancies import LIMIT
from assurance.reconciliation.latency import Percentiles
from assurance.reconciliation.masking import masked_sample
from assurance.reconciliation.sink_report import SinkReport
from assurance.reconciliation.summary import Summary
from contracts.topics import FAILED, LATE, SUPPRESSED

# Texts that come from data are Text, never str: rich would read "[...]" in a str as its markup.


def report(summary: Summary, samples: Sequence[str] = ()) -> RenderableType:
    """Everything there is to say; sections without content are left out. ``samples`` are enriched events, as JSON."""
    parts: list[RenderableType] = [_topics(summary), *map(_outlet, summary.outlets)]
    for number, sample in enumerate(samples, start=1):
        parts += ["", Text(f"Sample {number}", style="bold"), masked_sample(sample)]
    for title, reasons in (
        ("Failed", summary.failed_reasons),
        ("Late", summary.late_reasons),
        ("Suppressed: the subject has opted out", summary.suppressed_reasons),
        ("Repaired or left out in enriched events", summary.repaired),
        ("Keys that could not be used", summary.invalid),
    ):
        if reasons:
            parts += ["", _reasons(title, reasons)]
    latency = {"committed": summary.latency_ms.read_committed, "uncommitted": summary.latency_ms.read_uncommitted}
    if any(measured.count for measured in latency.values()):
        parts += ["", _latency(latency)]
    return Group(*parts, "", *_run(summary), *_verdicts(summary))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    return table


def _topics(summary: Summary) -> Table:
    table = _table("Events", "topic", "records", "share of raw")
    table.add_row("raw", f"{summary.raw:,}", "")
    counts = {
        **summary.enriched,
        LATE.name: summary.late,
        FAILED.name: summary.failed,
        SUPPRESSED.name: summary.suppressed,
    }
    for topic, count in counts.items():
        table.add_row(Text(topic), f"{count:,}", f"{count / summary.raw:.2%}" if summary.raw else "-")
    return table


def _outlet(outlet: SinkReport) -> Table:
    table = _table(outlet.name.capitalize(), "topic", "rows")
    for topic, rows in outlet.rows.items():
        table.add_row(Text(topic), f"{rows:,}")
    return table


def _reasons(title: str, reasons: Mapping[str, int]) -> Table:
    table = _table(title, "reason", "records")
    for reason, count in reasons.items():
        table.add_row(Text(reason), f"{count:,}")
    return table


def _latency(measured: Mapping[str, Percentiles]) -> Table:
    table = _table("Latency, send to receipt, ms", "consumer reads", "p50", "p95", "p99", "p99.9", "max", "events")
    for isolation, p in measured.items():
        numbers = ("-" if ms is None else f"{ms:,.1f}" for ms in (p.p50, p.p95, p.p99, p.p99_9, p.max))
        table.add_row(isolation, *numbers, f"{p.count:,}")
    return table


def _run(summary: Summary) -> Iterable[Text]:
    if summary.events_per_second is not None:
        yield Text(f"Throughput: {summary.events_per_second:,.0f} events/s")
    if summary.lookups is not None:
        asked = summary.lookups
        yield Text(
            f"Lookups: {asked.keys:,} keys in {asked.requests:,} requests, {asked.cache_hit_ratio:.1%} from the cache"
        )
    if summary.restarts:
        yield Text(f"Restarts: {summary.restarts}")


def _verdicts(summary: Summary) -> Iterable[Text]:
    if summary.interrupted and summary.balanced:
        yield Text(
            f"Interrupted: what came after was not sent. The {summary.raw:,} raw records before it have exactly one "
            "outcome each.",
            style="bold yellow",
        )
    else:
        yield from _verdict(summary, "", f"all {summary.raw:,} raw records have exactly one outcome.")
    for outlet in summary.outlets:
        rows = sum(outlet.rows.values())
        yield from _verdict(outlet, f"{outlet.name.capitalize()}: ", f"{rows:,} rows, each enriched event once.")


def _verdict(found: Summary | SinkReport, whose: str, good: str) -> Iterable[Text]:
    if found.balanced:
        yield Text(f"{whose}Balanced: {good}", style="bold green")
        return
    yield Text(f"{whose}NOT BALANCED", style="bold red")
    for fault, count, ids in (
        ("missing", found.missing, found.missing_ids),
        ("doubled", found.duplicates, found.duplicate_ids),
        ("unexpected", found.unexpected, found.unexpected_ids),
    ):
        if count:
            first = f", the first {LIMIT} ids" if len(ids) == LIMIT else ""
            yield Text(f"{count:,} {fault}{first}: {', '.join(ids)}", style="red")
