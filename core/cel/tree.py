"""A condition as a tree. Every node knows its place in the text."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from core.cel.errors import Position

Relation: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]
Arithmetic: TypeAlias = Literal["+", "-", "*", "/", "%"]


@dataclass(frozen=True, slots=True)
class Constant:
    at: Position
    value: bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Name:
    at: Position
    name: str
    """With its dots."""


@dataclass(frozen=True, slots=True)
class Junction:
    """``a && b && c`` or ``a || b || c``: one node, so that a long chain is no deep tree."""

    at: Position
    operator: Literal["&&", "||"]
    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    at: Position
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Negative:
    at: Position
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Comparison:
    at: Position
    operator: Relation
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Membership:
    at: Position
    operand: "Node"
    items: "tuple[Constant, ...] | Name"
    """A name: of a list."""


@dataclass(frozen=True, slots=True)
class Calculation:
    at: Position
    operator: Arithmetic
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Choice:
    """``condition ? then : otherwise``"""

    at: Position
    condition: "Node"
    then: "Node"
    otherwise: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    at: Position
    function: str
    receiver: "Node | None"
    arguments: tuple["Node", ...]


Node: TypeAlias = Constant | Name | Junction | Not | Negative | Comparison | Membership | Calculation | Choice | Call


def names_in(node: Node) -> frozenset[str]:
    """The names that are read, without functions and lists."""
    return frozenset(each.name for each in walk(node) if isinstance(each, Name))


def walk(node: Node) -> list[Node]:
    """The node and all below it."""
    found, waiting = [], [node]
    while waiting:
        each = waiting.pop()
        found.append(each)
        match each:
            case Junction():
                waiting += each.operands
            case Not() | Negative() | Membership():
                waiting.append(each.operand)
            case Comparison() | Calculation():
                waiting += (each.left, each.right)
            case Choice():
                waiting += (each.condition, each.then, each.otherwise)
            case Call():
                waiting += each.arguments if each.receiver is None else (each.receiver, *each.arguments)
            case Constant() | Name():
                pass
    return found
