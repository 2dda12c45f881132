"""The report of a run for the terminal: counts, samples, reasons, latency, lookups and the verdict."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from assurance.reconciliation.balancing.counts import LIMIT
from assurance.reconciliation.reporting.features import features_parts, features_verdict
from assurance.reconciliation.reporting.latency import Percentiles
from assurance.reconciliation.reporting.masking import masked_sample
from assurance.reconciliation.reporting.security import security_parts, security_verdict
from assurance.reconciliation.reporting.sessions import sessions_table, sessions_verdict
from assurance.reconciliation.reporting.summary import Summary
from assurance.reconciliation.sinks.comparison import SinkReport
from contracts.topics import FAILED, LATE, SUPPRESSED

# Texts from data are Text, never str: rich interprets "[...]" in a str as markup.


def report(summary: Summary, samples: Sequence[str] = ()) -> RenderableType:
    """The whole report without empty sections. ``samples`` are enriched events as JSON; they are masked here."""
    parts: list[RenderableType] = [_topics(summary), *map(_sink, summary.sinks)]
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
    if summary.applications is not None:
        parts += ["", sessions_table(summary.applications.sessions)]
        if summary.applications.account_security is not None:
            parts += security_parts(summary.applications.account_security)
        if summary.applications.features is not None:
            parts += features_parts(summary.applications.features)
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


def _sink(sink: SinkReport) -> Table:
    table = _table(sink.name.capitalize(), "topic", "rows")
    for topic, rows in sink.rows.items():
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
        lookups = summary.lookups
        yield Text(
            f"Lookups: {lookups.keys:,} keys in {lookups.requests:,} requests, "
            f"{lookups.cache_hit_ratio:.1%} from the cache"
        )
    if summary.restarts:
        yield Text(f"Restarts: {summary.restarts}")


def _verdicts(summary: Summary) -> Iterable[Text]:
    if summary.interrupted and summary.balanced:
        yield Text(
            f"Interrupted: the remaining events were not sent. The {summary.raw:,} raw records sent until then have "
            "exactly one outcome each.",
            style="bold yellow",
        )
    else:
        yield from _verdict(summary, "", f"all {summary.raw:,} raw records have exactly one outcome.")
    if summary.applications is not None:
        yield from sessions_verdict(summary.applications.sessions, interrupted=summary.interrupted)
        if summary.applications.account_security is not None:
            yield from security_verdict(summary.applications.account_security, interrupted=summary.interrupted)
        if summary.applications.features is not None:
            yield from features_verdict(summary.applications.features, interrupted=summary.interrupted)
    for sink in summary.sinks:
        rows = sum(sink.rows.values())
        yield from _verdict(sink, f"{sink.name.capitalize()}: ", f"{rows:,} rows, each enriched event once.")


def _verdict(found: Summary | SinkReport, prefix: str, proven: str) -> Iterable[Text]:
    if found.balanced:
        yield Text(f"{prefix}Balanced: {proven}", style="bold green")
        return
    yield Text(f"{prefix}NOT BALANCED", style="bold red")
    for kind, count, ids in (
        ("missing", found.missing, found.missing_ids),
        ("doubled", found.duplicates, found.duplicate_ids),
        ("unexpected", found.unexpected, found.unexpected_ids),
    ):
        if count:
            first = f", the first {LIMIT} ids" if len(ids) == LIMIT else ""
            yield Text(f"{count:,} {kind}{first}: {', '.join(ids)}", style="red")
