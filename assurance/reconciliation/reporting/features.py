"""The part of the report about features."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from assurance.reconciliation.features.summary import FeaturesSummary, Visitor
from contracts.lookup_api.features import FeatureValue


def features_parts(found: FeaturesSummary) -> list[RenderableType]:
    """Tables, each after an empty line."""
    parts: list[RenderableType] = ["", _counts(found)]
    if found.visitor is not None:
        parts += ["", _visitor(found.visitor)]
        if found.visitor.recommended:
            parts += ["", _recommended(found.visitor)]
    return parts


def features_verdict(found: FeaturesSummary, *, interrupted: bool) -> Iterable[Text]:
    parity = found.parity
    if found.balanced:
        begin = "" if interrupted else "Balanced: "
        yield Text(
            f"Features: {begin}each of {parity.compared:,} values is the one computed offline from the same events.",
            style="bold yellow" if interrupted else "bold green",
        )
        return
    yield Text(f"Features: NOT BALANCED: {parity.different:,} of {parity.compared:,} values differ", style="bold red")
    for example in parity.examples:
        yield Text(example, style="red")


def _counts(found: FeaturesSummary) -> Table:
    table = _table("Features", "what", "how many")
    freshness = found.freshness_ms
    for what, text in (
        ("events that feed them", f"{found.events:,}"),
        ("browsers, sessions, users, listings, sellers and accounts", f"{found.entities:,}"),
        ("states written to the store", f"{found.written:,}"),
        ("from the event in the job to the store, median", _ms(freshness.p50)),
        ("… p99", _ms(freshness.p99)),
    ):
        table.add_row(what, text)
    return table


def _visitor(visitor: Visitor) -> Table:
    table = _table("One visitor, as the lookup service answers", "feature", "value")
    for name, value in visitor.features.items():
        table.add_row(name, Text(_text(value)))
    return table


def _recommended(visitor: Visitor) -> Table:
    table = _table(f"Recommended to this visitor by {visitor.model}", "listing", "score", "what it is")
    for each in visitor.recommended:
        what = ", ".join(_text(value) for value in each.features.values() if value is not None)
        table.add_row(Text(each.listing_id), f"{each.score:.3f}", Text(what))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _text(value: FeatureValue) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f} ms"
