"""Python for the parts of a condition."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.cel.environment import Type
from core.cel.tree import Constant


@dataclass(frozen=True, slots=True)
class Term:
    """Python for a part of a condition."""

    type: Type
    source: str
    defined: tuple[str, ...] = ()
    """Conditions under which the source runs without an error."""
    present: tuple[str, ...] = ()
    """Conditions under which its value is there."""

    @property
    def needed(self) -> tuple[str, ...]:
        return (*self.defined, *self.present)


def all_of(conditions: Iterable[str]) -> str:
    """Each condition once."""
    return " and ".join(dict.fromkeys(conditions))


def guarded(conditions: Iterable[str], source: str) -> str:
    """The source, or False where a condition does not hold."""
    return f"({all_of((*conditions, source))})"


def constant(node: Constant) -> Term:
    """A value that is written out."""
    kinds: dict[type, Type] = {bool: "bool", int: "int", float: "double", str: "string", type(None): "null"}
    return Term(kinds[type(node.value)], repr(node.value))


def named(kind: Type) -> str:
    """For messages."""
    return {"int": "an int", "double": "a double", "string": "a text", "bool": "a bool", "null": "null"}[kind]
