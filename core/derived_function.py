"""A derived enrichment's row and ``compute`` as one function from an event to a result, with its memo.

The status is ``ok``, or ``stale`` where an enrichment among the inputs is. Where ``compute`` has nothing to say, the
status is its reason, ``missing`` or ``invalid``. But where an enrichment among the inputs is ``timeout`` or ``error``,
that is the status: with its value there might be a result, so that the event counts as partial and can be repaired.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeAlias, get_args

import msgspec

from common.memoize import BoundedMemory, remembered
from contracts.enrichments import Derived, Enrichment, fields_used_by_others, input_of
from contracts.lookup_api.lookups import Status
from core.derived.interface import Memo, MemoByKey, MemoByText, Reason
from core.flat_event import EnrichmentResult
from core.fragments import FragmentBuilder
from core.lookups.protocols import Derive

Compute: TypeAlias = Callable[..., msgspec.Struct | Reason]
_FAILED: tuple[Status, ...] = ("timeout", "error")


def derive_function(
    row: Derived, table: tuple[Enrichment, ...], compute: Compute, memo: Memo | None, builder: FragmentBuilder
) -> Derive:
    """Compiled as one expression: on the hot path for every event, no loop goes over the inputs. For ``referrer``::

    lambda first, event, found: known(key := make_key(first, event.page_url)) or learn(key, first, event.page_url)
    """
    outcomes = _Outcomes(row.name, builder)
    inputs, statuses = _inputs(row, table), _statuses(row, table)
    if statuses:
        return _dependent(inputs, statuses, compute, memo, outcomes)
    if isinstance(memo, MemoByText):
        others = (None,) * (len(row.inputs) - 1)
        results = remembered(memo.most, memo.longest)(lambda text: outcomes.of(compute(text, *others)))
        return _compiled("results(first)", results=results)
    if isinstance(memo, MemoByKey):
        memory = BoundedMemory[Hashable, EnrichmentResult](memo.most)

        def learn(key: Hashable | None, *values: Any) -> EnrichmentResult:  # noqa: ANN401 - inputs of any type
            result = outcomes.of(compute(*values))
            if key is not None:
                memory.keep(key, result)
            return result

        expression = f"known(key := make_key({inputs})) or learn(key, {inputs})"
        return _compiled(expression, known=memory.get, make_key=memo.key, learn=learn)
    return _compiled(f"of(compute({inputs}))", of=outcomes.of, compute=compute)


def _dependent(inputs: str, statuses: str, compute: Compute, memo: Memo | None, outcomes: "_Outcomes") -> Derive:
    """The statuses of the enrichments among the inputs decide, too: they are a part of the memo's key."""
    memory = BoundedMemory[tuple[Hashable, ...], EnrichmentResult](1 if memo is None else memo.most)

    def learn(key: tuple[Any, ...], *values: Any) -> EnrichmentResult:  # noqa: ANN401 - inputs of any type
        outcome = "missing" if values[0] is None else compute(*values)
        result = outcomes.after(key[1:], outcome)
        if key[0] is not None:
            memory.keep(key, result)
        return result

    made = f"make_key({inputs})"
    if not inputs.startswith("first"):  # of another enrichment, so that it may be None
        made = f"None if {inputs.partition(',')[0]} is None else {made}"
    expression = f"known(key := ({made}, {statuses})) or learn(key, {inputs})"
    return _compiled(expression, known=memory.get, make_key=_key_function(memo), learn=learn)


def _key_function(memo: Memo | None) -> Callable[..., Hashable | None]:
    match memo:
        case MemoByKey():
            return memo.key
        case MemoByText():
            return lambda text, *_: text if len(text) <= memo.longest else None
        case None:
            return lambda *_: None


class _Outcomes:
    """What ``compute`` returned, as a result."""

    def __init__(self, name: str, builder: FragmentBuilder) -> None:
        self._name, self._of_value = name, builder.of_value
        self._plain: dict[str, EnrichmentResult] = {
            status: builder.without_value(name, status) for status in (*get_args(Reason), *_FAILED)
        }

    def of(self, outcome: msgspec.Struct | Reason) -> EnrichmentResult:
        return self._plain[outcome] if isinstance(outcome, str) else self._of_value(self._name, "ok", outcome)

    def after(self, statuses: tuple[Status, ...], outcome: msgspec.Struct | Reason) -> EnrichmentResult:
        """:param statuses: of the enrichments that it was computed from."""
        if not isinstance(outcome, str):
            return self._of_value(self._name, "stale" if "stale" in statuses else "ok", outcome)
        return self._plain[next((status for status in statuses if status in _FAILED), outcome)]


def _inputs(row: Derived, table: tuple[Enrichment, ...]) -> str:
    """The values as arguments, such as ``first, event.os_timezone, found[0].outputs[1]``."""
    places = _places(table)
    values = []
    for number, (enrichment, field) in enumerate(map(input_of, row.inputs)):
        if enrichment is None:
            values.append(f"event.{field}" if number else "first")
        else:
            outputs = fields_used_by_others(enrichment, table)
            values.append(f"found[{places[enrichment]}].outputs[{outputs.index(field)}]")
    return ", ".join(values)


def _statuses(row: Derived, table: tuple[Enrichment, ...]) -> str:
    """Of each enrichment among the inputs, such as ``found[0].status,``."""
    places = _places(table)
    return "".join(f"found[{places[enrichment]}].status," for enrichment in row.uses)


def _places(table: tuple[Enrichment, ...]) -> dict[str, int]:
    return {each.name: place for place, each in enumerate(table)}


def _compiled(expression: str, **names: object) -> Derive:
    # Made of this project's own names of fields, never of what somebody sent.
    function: Derive = eval(f"lambda first, event, found: {expression}", names)  # noqa: S307
    return function
