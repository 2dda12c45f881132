"""What a run tells its user, on standard error, and the exit code it ends with."""

import sys
from collections.abc import Mapping

from producers.record import ProduceReport
from producers.replay import LISTED, Problems

OK = 0
INCOMPLETE = 1
"""Not every record arrived, or (if asked to be strict) not every line was an event."""
NO_BROKER = 2


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
    if problems.broken_input:
        say(f"error: {problems.broken_input}")


def summary(report: ProduceReport, more: Mapping[str, object]) -> str:
    """The last line of a run: ``done:`` and key=value pairs."""
    values: dict[str, object] = {
        "sent": report.sent,
        "delivered": report.delivered,
        "failed": report.failed,
        "bytes": report.value_bytes,
        "seconds": f"{report.seconds:.2f}",
        "rate": f"{report.sent / max(report.seconds, 1e-9):.0f}/s",
        **more,
    }
    return "done: " + " ".join(f"{name}={value}" for name, value in values.items())
