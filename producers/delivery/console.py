"""What a run tells its user, on standard error, and the exit code it ends with."""

import signal
import sys
from collections.abc import Mapping

from producers.delivery.record import ProduceReport
from producers.replay import LISTED, Problems

OK = 0
INCOMPLETE = 1
"""Not every record arrived, no line was an event, or (if asked to be strict) not every line was."""
REFUSED = 2
"""Nothing was sent: no broker, or what is to be sent would be late there."""
_BY_SIGNAL = 128


def say(message: str) -> None:
    """One line on standard error."""
    print(message, file=sys.stderr, flush=True)


def show_failures(report: ProduceReport) -> None:
    """Why records did not arrive."""
    for reason, times in report.failures.items():
        say(f"error: {times} records were not delivered: {reason}")


def show_problems(problems: Problems) -> None:
    """The first lines that are no events; never their content, which may name people."""
    for number, reason in problems.listed:
        say(f"unparsable: line {number}: {reason}")
    if problems.unparsable > LISTED:
        say(f"unparsable: and {problems.unparsable - LISTED} more lines")
    if len(problems.layouts) > 1:
        say("layouts: " + ", ".join(f"{layout} {lines}" for layout, lines in problems.layouts.most_common()))
    if problems.broken_input:
        say(f"error: {problems.broken_input}")


def exit_code(report: ProduceReport, *, complete: bool = True) -> int:
    """A run that a signal ended early ends as its shell expects of that: 130 after Ctrl-C."""
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
    how = "done: "
    if report.interrupted is not None:
        say(f"interrupted by {signal.Signals(report.interrupted).name}: what comes after is not sent")
        how = "interrupted: "
    return how + " ".join(f"{name}={value}" for name, value in values.items())
