"""The function that gets all results of an event from memory, compiled from the table of enrichments.

It runs for every event on the hot path. The table becomes one function, so that no loop goes over its rows.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from contracts.events.enriched import EventFields
from core.flat_event import EnrichmentResult

CachedResults: TypeAlias = Callable[[EventFields, float, Any], list[EnrichmentResult] | None]
"""(event, seconds of :func:`time.monotonic`, the object whose ``keys`` and ``hits`` count) → the results in the table's
order; None where one is not known, and then every lookup whose result is not known has been started."""


class Row(NamedTuple):
    """One enrichment as the function needs it."""

    name: str
    key: str
    """The event's field without which there is nothing to look up or to derive."""
    kind: str
    """``lookup``: looked up; ``direct``: derived from the event alone; ``dependent``: from other results, too."""
    functions: Mapping[str, object]
    """``absent``, called with the event, gives the result without a key; ``missing`` is the usual one. A lookup has
    ``cached`` (key, now) and ``ask`` (key, event, now), the others ``derive`` (key, event, results)."""


_LOOKUP = """\
    key = event.{key}
    if key is None:
        {name} = {name}_missing if event.field_errors is None else {name}_absent(event)
    else:
        keys += 1
        {name} = {name}_cached(key, now)
        if {name} is None:
            {name} = {name}_ask(key, event, now)
        else:
            hits += 1
"""
_DERIVED = """\
    key = event.{key}
    if key is not None:
        {name} = {name}_derive(key, event, {results})
    else:
        {name} = {name}_missing if event.field_errors is None else {name}_absent(event)
"""


def source_of(rows: Sequence[Row]) -> str:
    """The function's text. Lookups and what is derived from the event alone come first: every lookup must be started.
    What is derived from other results follows, in the table's order.
    """
    lookups = [row.name for row in rows if row.kind == "lookup"]
    parts = ["def cached_results(event, now, count):\n"]
    if lookups:
        parts.append("    keys = hits = 0\n")
    for row in rows:
        if row.kind != "dependent":
            template = _LOOKUP if row.kind == "lookup" else _DERIVED
            parts.append(template.format(name=row.name, key=row.key, results="()"))
    if lookups:
        parts.append("    count.keys += keys\n    count.hits += hits\n")
        parts.append(f"    if {' or '.join(f'{name} is None' for name in lookups)}:\n        return None\n")
    above: list[str] = []
    for row in rows:
        if row.kind == "dependent":
            parts.append(_DERIVED.format(name=row.name, key=row.key, results=f"[{', '.join(above)}]"))
        above.append(row.name)
    parts.append(f"    return [{', '.join(above)}]\n")
    return "".join(parts)


def compile_cached_results(rows: Sequence[Row]) -> CachedResults:
    names = {f"{row.name}_{name}": function for row in rows for name, function in row.functions.items()}
    # Made of this project's own names of enrichments and fields, never of what somebody sent.
    exec(source_of(rows), names)  # noqa: S102
    function: CachedResults = names["cached_results"]  # type: ignore[assignment]  # what the text defines
    return function
