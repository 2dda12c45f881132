"""From the tree to Python's source, with types checked.

An absent value is CEL's null. Where CEL stops with an error, because an absent value is compared by ``<``, calculated
with, or used as a text, or because a number is divided by zero or does not fit into 64 bits, the comparison is false
here. So ``&&`` and ``||`` have nothing to absorb, and wherever CEL gives a value, this is the same value. ``!(x < 5)``
of an absent x is true: write ``x >= 5`` where that is not meant. An absent bool is false as a condition; ``==`` and
``!=`` see that it is null.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from core.cel.durations import duration_ms
from core.cel.environment import Environment, Function, Type
from core.cel.errors import CelError
from core.cel.terms import Term, all_of, constant, guarded, named
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

_MAX_SOURCE: Final = 64 * 1024
_NUMBERS: Final[frozenset[Type]] = frozenset({"int", "double"})
_METHODS: Final[Mapping[str, str]] = MappingProxyType(
    {"startsWith": "{0}.startswith({1})", "endsWith": "{0}.endswith({1})", "contains": "({1} in {0})"}
)
_LEAST: Final = -(2**63)
_MOST: Final = 2**63 - 1
QUOTIENT: Final = "_quotient"
REMAINDER: Final = "_remainder"


def list_source(name: str) -> str:
    """How the source names a list."""
    return f"_list_{name}"


def translate(node: Node, environment: Environment) -> Term:
    """:raises CelError: for an unknown name and for a type that does not fit."""
    return _Translator(environment).term(node)


def condition(node: Node, environment: Environment) -> str:
    """Source that gives True or False.

    :raises CelError: as :func:`translate`, and where the node is no condition.
    """
    return _Translator(environment).condition(node)


class _Translator:
    def __init__(self, environment: Environment) -> None:
        self._known = environment

    def term(self, node: Node) -> Term:
        found = self._term(node)
        if len(found.source) > _MAX_SOURCE or sum(map(len, found.needed)) > _MAX_SOURCE:
            raise CelError(node.at, "the condition is too complex")
        return found

    def condition(self, node: Node) -> str:
        term = self.term(node)
        if term.type != "bool":
            raise CelError(node.at, f"a bool is needed here, and this is {named(term.type)}")
        source = f"({term.source} is True)" if term.present else term.source
        return f"({all_of(term.defined)} and {source})" if term.defined else source

    def _term(self, node: Node) -> Term:  # noqa: PLR0911  # one for each kind of node
        match node:
            case Constant():
                return constant(node)
            case Name():
                return self._name(node)
            case Junction():
                word = " and " if node.operator == "&&" else " or "
                return Term("bool", f"({word.join(self.condition(each) for each in node.operands)})")
            case Not():
                return Term("bool", f"(not {self.condition(node.operand)})")
            case Negative():
                operand = self._numeric(node.operand, "-")
                return _fitting(operand.type, f"(-{operand.source})", operand.needed)
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

    def _name(self, node: Name) -> Term:
        variable = self._known.variables.get(node.name)
        if variable is None:
            raise CelError(node.at, f"unknown name {node.name!r} in {self._known.about}")
        present = (f"{variable.source} is not None",) if variable.can_be_absent else ()
        return Term(variable.type, variable.source, (), present)

    def _numeric(self, node: Node, operator: str) -> Term:
        term = self.term(node)
        if term.type not in _NUMBERS:
            raise CelError(node.at, f"{operator} needs a number, and this is {named(term.type)}")
        return term

    def _comparison(self, node: Comparison) -> Term:
        left, right = self.term(node.left), self.term(node.right)
        is_equality = node.operator in {"==", "!="}
        fit = left.type == right.type or {left.type, right.type} <= _NUMBERS
        if is_equality and "null" in {left.type, right.type}:
            return Term(
                "bool", guarded((*left.defined, *right.defined), f"{left.source} {node.operator} {right.source}")
            )
        if not fit or left.type == "null" or (left.type == "bool" and not is_equality):
            raise CelError(node.at, f"{named(left.type)} {node.operator} {named(right.type)} is not possible")
        conditions = (*left.defined, *right.defined) if is_equality else (*left.needed, *right.needed)
        return Term("bool", guarded(conditions, f"{left.source} {node.operator} {right.source}"))

    def _membership(self, node: Membership) -> Term:
        operand = self.term(node.operand)
        if isinstance(node.items, Name):
            return self._in_list(operand, node.items)
        for item in node.items:
            kind = constant(item).type
            if kind != operand.type and not {kind, operand.type} <= _NUMBERS:
                raise CelError(item.at, f"{named(operand.type)} is never in a list with {named(kind)}")
        if not node.items:
            return Term("bool", "False")
        items = ", ".join(constant(item).source for item in node.items)
        return Term("bool", guarded(operand.defined, f"{operand.source} in {{{items}}}"))

    def _in_list(self, operand: Term, name: Name) -> Term:
        found = self._known.lists.get(name.name)
        if found is None:
            known = ", ".join(sorted(self._known.lists)) or "none"
            raise CelError(name.at, f"there is no list {name.name!r}; known are {known}")
        if operand.type != found.type and not {operand.type, found.type} <= _NUMBERS:
            raise CelError(name.at, f"{named(operand.type)} is never in a list with {named(found.type)}")
        return Term("bool", guarded(operand.defined, f"{operand.source} in {list_source(name.name)}"))

    def _calculation(self, node: Calculation) -> Term:
        left, right = self._numeric(node.left, node.operator), self._numeric(node.right, node.operator)
        if left.type != right.type:
            hint = "; CEL does not mix them: write 2.0 instead of 2"
            raise CelError(node.at, f"{named(left.type)} {node.operator} {named(right.type)} is not possible{hint}")
        if node.operator == "%" and left.type == "double":
            raise CelError(node.at, "% is for whole numbers")
        conditions = (*left.needed, *right.needed)
        if node.operator in {"/", "%"}:
            conditions = (*conditions, f"{right.source} != 0")
            if left.type == "int":
                name = QUOTIENT if node.operator == "/" else REMAINDER
                return _fitting("int", f"{name}({left.source}, {right.source})", conditions)
        return _fitting(left.type, f"({left.source} {node.operator} {right.source})", conditions)

    def _choice(self, node: Choice) -> Term:
        asked, then, otherwise = self.condition(node.condition), self.term(node.then), self.term(node.otherwise)
        if then.type != otherwise.type:
            raise CelError(node.at, f"one result is {named(then.type)}, the other is {named(otherwise.type)}")

        def either(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
            if not first and not second:
                return ()
            return (f"(({all_of(first) or 'True'}) if {asked} else ({all_of(second) or 'True'}))",)

        return Term(
            then.type,
            f"({then.source} if {asked} else {otherwise.source})",
            either(then.defined, otherwise.defined),
            either(then.present, otherwise.present),
        )

    def _call(self, node: Call) -> Term:
        if node.function == "matches":
            raise CelError(node.at, "there is no matches(): an expression can take time without bound on some texts")
        if node.receiver is not None:
            return self._method(node, node.receiver)
        if node.function == "has":
            (argument,) = self._arguments(node, 1)
            if not isinstance(argument, Name):
                raise CelError(node.at, "has() needs a name")
            return Term("bool", guarded(self._name(argument).present, "True"))
        if node.function == "size":
            (argument,) = self._arguments(node, 1)
            text = self._text(argument, "size()")
            return Term("int", f"len({text.source})", text.needed)
        if node.function == "duration":
            return self._duration(node)
        function = self._known.functions.get(node.function)
        if function is None:
            known = ", ".join(sorted({*self._known.functions, "size", "has", "duration"}))
            raise CelError(node.at, f"unknown function {node.function}() in {self._known.about}; known are {known}")
        return self._function(node, function)

    def _arguments(self, node: Call, least: int, most: int | None = None) -> tuple[Node, ...]:
        if not least <= len(node.arguments) <= (least if most is None else most):
            wanted = str(least) if most in {None, least} else f"{least} to {most}"
            raise CelError(node.at, f"{node.function}() takes {wanted} argument(s), not {len(node.arguments)}")
        return node.arguments

    def _text(self, node: Node, what: str) -> Term:
        term = self.term(node)
        if term.type != "string":
            raise CelError(node.at, f"{what} needs a text, and this is {named(term.type)}")
        return term

    def _method(self, node: Call, receiver: Node) -> Term:
        if node.function == "size":
            self._arguments(node, 0)
            text = self._text(receiver, "size()")
            return Term("int", f"len({text.source})", text.needed)
        source = _METHODS.get(node.function)
        if source is None:
            raise CelError(node.at, f"unknown function .{node.function}(); known are {', '.join(_METHODS)}, size")
        (argument,) = self._arguments(node, 1)
        left, right = self._text(receiver, f".{node.function}()"), self._text(argument, f".{node.function}()")
        return Term("bool", guarded((*left.needed, *right.needed), source.format(left.source, right.source)))

    def _duration(self, node: Call) -> Term:
        (argument,) = self._arguments(node, 1)
        text = argument.value if isinstance(argument, Constant) else None
        found = duration_ms(text) if isinstance(text, str) else None
        if found is None:
            raise CelError(node.at, "duration() needs a text such as '15m', '1h30m' or '90d'")
        return Term("int", str(found))

    def _function(self, node: Call, function: Function) -> Term:
        least = len(function.parameters) if function.required is None else function.required
        sources: list[str] = []
        needed: list[str] = []
        for argument, parameter in zip(
            self._arguments(node, least, len(function.parameters)), function.parameters, strict=False
        ):
            term = self.term(argument)
            if term.type != parameter.type:
                wanted = f"{node.function}() needs {named(parameter.type)}"
                raise CelError(argument.at, f"{wanted}, and this is {named(term.type)}")
            if parameter.allowed is not None:
                _check_allowed(argument, node.function, parameter.allowed)
            sources.append(term.source)
            needed += term.needed
        source = f"{function.source}({', '.join(sources)})"
        if function.result == "bool":
            return Term("bool", guarded(needed, source))
        return Term(function.result, source, tuple(needed))


def _fitting(kind: Type, source: str, needed: tuple[str, ...]) -> Term:
    """A calculation. Whole numbers have 64 bits: each step is checked before the next one is made of it."""
    return Term(kind, source, (*needed, f"{_LEAST} <= {source} <= {_MOST}") if kind == "int" else needed)


def _check_allowed(argument: Node, function: str, allowed: frozenset[str]) -> None:
    if not isinstance(argument, Constant):
        raise CelError(argument.at, f"the argument of {function}() must be written out")
    if argument.value not in allowed:
        raise CelError(argument.at, f"{function}({argument.value!r}): possible are {', '.join(sorted(allowed))}")
