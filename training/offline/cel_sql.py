"""Conditions in CEL as SQL for DuckDB, with the meaning that :mod:`core.cel.translate` gives them.

Two things in SQL are NULL: a value that is absent, which ``==`` and ``!=`` see as null, and a calculation that has no
result (an absent operand, a division by zero, more than 64 bits), with which every comparison is false. ``defined``
tells them apart. A condition is never NULL.

Whole numbers are compared with doubles as doubles: above 2^53 neighbours are equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from core.cel.durations import duration_ms
from core.cel.environment import Environment, Type
from core.cel.errors import CelError
from core.cel.parser import parse
from core.cel.tree import (
    Calculation,
    Call,
    Choice,
    Comparison,
    Constant,
    Junction,
    Membership,
    Name,
    Negative,
    Node,
    Not,
)
from training.offline.sql_text import column, literal

_METHODS: Final[Mapping[str, str]] = MappingProxyType(
    {"startsWith": "starts_with", "endsWith": "ends_with", "contains": "contains"}
)
_RELATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"==": "IS NOT DISTINCT FROM", "!=": "IS DISTINCT FROM", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
)
_LEAST: Final = f"({-(2**63)})::HUGEINT"
_MOST: Final = f"{2**63 - 1}::HUGEINT"
_TYPES: Final[Mapping[type, Type]] = MappingProxyType(
    {bool: "bool", int: "int", float: "double", str: "string", type(None): "null"}
)


@dataclass(frozen=True, slots=True)
class _Term:
    type: Type
    sql: str
    defined: str = ""
    """Condition under which there is a result; empty: always."""


def condition_sql(text: str, environment: Environment) -> str:
    """SQL that is true or false for a row with the columns that the environment has variables for.

    :raises CelError: for what core.cel refuses, and for a function or a list of the environment, which SQL has not.
    """
    return f"({_Translator(environment).condition(parse(text))})"


class _Translator:
    def __init__(self, environment: Environment) -> None:
        self._known = environment

    def condition(self, node: Node) -> str:
        term = self._term(node)
        if term.type != "bool":
            raise CelError(node.at, "a bool is needed here")
        value = f"coalesce({term.sql}, false)"
        return f"({term.defined} AND {value})" if term.defined else value

    def _term(self, node: Node) -> _Term:  # noqa: PLR0911  # one for each kind of node
        match node:
            case Constant():
                return _Term(_TYPES[type(node.value)], literal(node.value))
            case Name():
                return self._name(node)
            case Junction():
                word = " AND " if node.operator == "&&" else " OR "
                return _Term("bool", f"({word.join(map(self.condition, node.operands))})")
            case Not():
                return _Term("bool", f"(NOT {self.condition(node.operand)})")
            case Negative():
                operand = self._term(node.operand)
                if operand.type == "int":
                    return _whole(f"-({operand.sql})::HUGEINT")
                return _calculated(operand.type, f"(-{operand.sql})")
            case Comparison():
                return self._comparison(node)
            case Membership():
                return self._membership(node)
            case Calculation():
                return self._calculation(node)
            case Choice():
                return self._choice(node)
            case Call():
                return self._call(node)

    def _name(self, node: Name) -> _Term:
        variable = self._known.variables.get(node.name)
        if variable is None:
            raise CelError(node.at, f"unknown name {node.name!r} in {self._known.about}")
        return _Term(variable.type, column(node.name))

    def _comparison(self, node: Comparison) -> _Term:
        left, right = self._term(node.left), self._term(node.right)
        compared = f"({left.sql} {_RELATIONS[node.operator]} {right.sql})"
        # For SQL nan equals itself and is above every number; for CEL every comparison with it is false, except !=.
        nan = [f"coalesce(isnan({each.sql}), false)" for each in (left, right) if each.type == "double"]
        if nan and node.operator == "!=":
            compared = f"({compared} OR {' OR '.join(nan)})"
        elif nan:
            compared = f"(coalesce({compared}, false) AND NOT ({' OR '.join(nan)}))"
        conditions = [each.defined for each in (left, right) if each.defined]
        return _Term("bool", f"({' AND '.join([*conditions, f'coalesce({compared}, false)'])})")

    def _membership(self, node: Membership) -> _Term:
        if isinstance(node.items, Name):
            raise CelError(node.at, f"the list {node.items.name!r} is not in the table of events")
        operand = self._term(node.operand)
        if not node.items:
            return _Term("bool", "false")
        items = ", ".join(literal(each.value) for each in node.items)
        return _Term("bool", f"coalesce({operand.sql} IN ({items}), false)")

    def _calculation(self, node: Calculation) -> _Term:
        left, right = self._term(node.left), self._term(node.right)
        if left.type != "int":
            operand = f"nullif({right.sql}, 0)" if node.operator == "/" else right.sql
            return _calculated("double", f"({left.sql} {node.operator} {operand})")
        first, second = f"({left.sql})::HUGEINT", f"({right.sql})::HUGEINT"
        if node.operator in {"/", "%"}:
            # DuckDB rounds towards zero and gives the remainder the left one's sign, as CEL does.
            operator = "//" if node.operator == "/" else "%"
            return _whole(f"({first} {operator} nullif({second}, 0))")
        return _whole(f"({first} {node.operator} {second})")

    def _choice(self, node: Choice) -> _Term:
        asked, then, otherwise = self.condition(node.condition), self._term(node.then), self._term(node.otherwise)
        defined = ""
        if then.defined or otherwise.defined:
            defined = f"(CASE WHEN {asked} THEN {then.defined or 'true'} ELSE {otherwise.defined or 'true'} END)"
        return _Term(then.type, f"(CASE WHEN {asked} THEN {then.sql} ELSE {otherwise.sql} END)", defined)

    def _call(self, node: Call) -> _Term:
        operands = node.arguments if node.receiver is None else (node.receiver, *node.arguments)
        match node.function, operands:
            case "has", (Name() as name,):
                return _Term("bool", f"({self._name(name).sql} IS NOT NULL)")
            case "size", (text,):
                return _calculated("int", f"length({self._term(text).sql})")
            case "duration", (Constant(value=str(written)),) if (found := duration_ms(written)) is not None:
                return _Term("int", str(found))
            case method, (text, wanted) if method in _METHODS:
                return _Term(
                    "bool", f"coalesce({_METHODS[method]}({self._term(text).sql}, {self._term(wanted).sql}), false)"
                )
            case _:
                raise CelError(node.at, f"{node.function}() cannot be said in SQL")


def _calculated(kind: Type, sql: str) -> _Term:
    return _Term(kind, sql, f"({sql} IS NOT NULL)")


def _whole(sql: str) -> _Term:
    """Whole numbers have 64 bits: each step is checked before the next one is made of it."""
    return _calculated("int", f"(CASE WHEN {sql} BETWEEN {_LEAST} AND {_MOST} THEN {sql} END)")
