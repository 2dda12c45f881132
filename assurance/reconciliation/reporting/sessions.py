"""The part of the report that is about sessions."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from assurance.reconciliation.sessions.balance import SessionsSummary


def sessions_table(found: SessionsSummary) -> Table:
    table = Table(title="Sessions", title_justify="left", title_style="bold")
    table.add_column("what", overflow="fold")
    table.add_column("how many", justify="right")
    for what, text in (
        ("sessions", f"{found.sessions:,}"),
        ("… ended", f"{found.ended:,}"),
        ("… changed or opened by a late event", f"{found.corrected:,}"),
        ("became part of another session", f"{found.superseded:,}"),
        ("events of a visitor", f"{found.events:,}"),
        ("… repeated", f"{found.repeated:,}"),
        ("… too late for every session", f"{found.late:,}"),
        ("events without a visitor", f"{found.without_visitor:,}"),
        ("engaged", f"{found.engaged_share:.2%}"),
        ("bounced", f"{found.bounce_share:.2%}"),
        ("duration, median", f"{found.duration_p50_ms / 1000:,.1f} s"),
        ("duration, p90", f"{found.duration_p90_ms / 1000:,.1f} s"),
    ):
        table.add_row(what, text)
    for page, sessions in found.entry_pages.items():
        table.add_row(Text(f"entered at {page}"), f"{sessions:,}")
    return table


def sessions_verdict(found: SessionsSummary, *, interrupted: bool) -> Iterable[Text]:
    if found.balanced and interrupted:
        text = f"Sessions: each of the {found.events:,} events until then is in one session, repeated or late."
        yield Text(text, style="bold yellow")
        return
    if found.balanced:
        text = f"Sessions: Balanced: each of {found.events:,} events is in one session, repeated or late."
        yield Text(text, style="bold green")
        return
    yield Text("Sessions: NOT BALANCED", style="bold red")
    for fault in found.faults:
        yield Text(fault, style="red")
