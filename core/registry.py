"""The table of enrichments, bound to the functions of its derived rows.

The function of a row is found by its name: ``compute`` in the module :mod:`core.derived.<name>`. Whatever is wrong with
a row stops the start, with the row's name: there is no such module, its function takes other inputs or gives other
fields, an input is neither a field of the event nor a field of an enrichment above.
"""

import inspect
import typing
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from types import ModuleType

import msgspec

from contracts.enrichments import ENRICHMENTS, Derived, Enrichment, Lookup, input_of
from contracts.events.enriched import EventFields
from core.derived.interface import Settings
from core.derived_function import derive_function
from core.fragments import FragmentBuilder
from core.lookups.protocols import Derive

_SETTINGS = "settings"


class RegistryError(Exception):
    """The table and the code do not fit; the message names the enrichment."""


class Registry:
    def __init__(self, table: Sequence[Enrichment] = ENRICHMENTS, package: str = "core.derived") -> None:
        """:raises RegistryError: for the first row that does not fit."""
        self._table = tuple(table)
        self._modules: dict[str, ModuleType] = {}
        above: dict[str, Enrichment] = {}
        for row in table:
            _check_inputs(row, above)
            if isinstance(row, Derived):
                self._modules[row.name] = _module_of(row, package)
            above[row.name] = row

    def bind(self, builder: FragmentBuilder, settings: Settings) -> dict[str, Derive]:
        """A function for each derived enrichment, by its name, ready for its first event."""
        return {row.name: self._bound(row, builder, settings) for row in self._table if isinstance(row, Derived)}

    def _bound(self, row: Derived, builder: FragmentBuilder, settings: Settings) -> Derive:
        module = self._modules[row.name]
        if hasattr(module, "prepare"):
            module.prepare()
        compute = module.compute
        if _SETTINGS in inspect.signature(compute).parameters:
            compute = partial(compute, settings=settings)
        memo = module.memo(settings) if hasattr(module, "memo") else None
        return derive_function(row, self._table, compute, memo, builder)


def _check_inputs(row: Enrichment, above: Mapping[str, Enrichment]) -> None:
    if row.name in above:
        raise RegistryError(f"{row.name}: two enrichments have this name")
    inputs = (row.key,) if isinstance(row, Lookup) else row.inputs
    if not inputs:
        raise RegistryError(f"{row.name}: it has no input")
    for text in inputs:
        enrichment, field = input_of(text)
        if enrichment is None:
            if field not in EventFields.__struct_fields__:
                raise RegistryError(f"{row.name}: the event has no field {field!r}")
        elif isinstance(row, Lookup) or enrichment not in above:
            raise RegistryError(f"{row.name}: {text!r} is of no enrichment above it in the table")
        elif field not in above[enrichment].field_names:
            raise RegistryError(f"{row.name}: the enrichment {enrichment} has no field {field!r}")


def _module_of(row: Derived, package: str) -> ModuleType:
    name = f"{package}.{row.name}"
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:  # something that the module itself imports
            raise
        raise RegistryError(f"{row.name}: there is no module {name}") from error
    compute = getattr(module, "compute", None)
    if not inspect.isfunction(compute):
        raise RegistryError(f"{row.name}: {name} has no function compute")
    wanted = [input_of(text).field for text in row.inputs]
    taken = [each for each in inspect.signature(compute).parameters if each != _SETTINGS]
    if taken != wanted:
        raise RegistryError(f"{row.name}: {name}.compute takes {', '.join(taken)}; its inputs are {', '.join(wanted)}")
    given = typing.get_type_hints(compute).get("return")
    structs = [each for each in (given, *typing.get_args(given)) if _is_struct(each)]
    if structs != [row.fields]:
        raise RegistryError(f"{row.name}: {name}.compute gives {given}; its fields are {row.fields.__name__}")
    return module


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


REGISTRY = Registry()
"""The project's own, checked when this module is imported."""
