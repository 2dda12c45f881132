"""The messages of a run on standard error, and its exit code."""

import signal
import sys
from collections.abc import Mapping

from producers.access_log.replay import MAX_LISTED, ReadReport
from producers.record import ProduceReport

OK = 0
INCOMPLETE = 1
"""Not every record was delivered, no line was an event, or (with ``--strict``) a line was none."""
NOT_STARTED = 2
"""Nothing was sent: the broker is unreachable, or most records would be late in the topic."""
_BY_SIGNAL = 128


def say(message: str) -> None:
    """One line on standard error."""
    print(message, file=sys.stderr, flush=True)


def show_failures(report: ProduceReport) -> None:
    """The reasons why records were not delivered."""
    for reason, times in report.failures.items():
        say(f"error: {times} records were not delivered: {reason}")


def show_read_report(report: ReadReport) -> None:
    """The first unparsable lines by number, without their content, which may have personal data."""
    for number, reason in report.listed:
        say(f"unparsable: line {number}: {reason}")
    if report.unparsable > MAX_LISTED:
        say(f"unparsable: and {report.unparsable - MAX_LISTED} more lines")
    if len(report.layouts) > 1:
        say("layouts: " + ", ".join(f"{layout} {lines}" for layout, lines in report.layouts.most_common()))
    if report.broken_input:
        say(f"error: {report.broken_input}")


def exit_code(report: ProduceReport, *, complete: bool = True) -> int:
    """128 plus the signal for a run that a signal ended early, as shells do: 130 after Ctrl-C."""
    if report.interrupted is not None:
        return _BY_SIGNAL + report.interrupted
    return OK if complete and not report.failed else INCOMPLETE


def summary(report: ProduceReport, more: Mapping[str, object]) -> str:
    """The last line of a run: ``done:`` (or ``interrupted:``) and key=value pairs."""
    values: dict[str, object] = {
        "sent": report.sent,
        "delivered": report.delivered,
        "failed": report.failed,
        "bytes": report.value_bytes,
        "seconds": f"{report.seconds:.2f}",
        "rate": f"{report.sent / max(report.seconds, 1e-9):.0f}/s",
        **more,
    }
    prefix = "done: "
    if report.interrupted is not None:
        say(f"interrupted by {signal.Signals(report.interrupted).name}: the remaining records are not sent")
        prefix = "interrupted: "
    return prefix + " ".join(f"{name}={value}" for name, value in values.items())
